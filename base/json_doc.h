// Small JSON documents of our own: read strictly, with errors that say where; written safely.
//
// Payloads and results are not read here: they stay the bytes that came (base/json_check.h).
#pragma once

#include <cjson/cJSON.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice {

struct CJsonDelete {
  void operator()(cJSON* value) const { cJSON_Delete(value); }
};
using CJsonPtr = std::unique_ptr<cJSON, CJsonDelete>;

// Parses `text` by the rules of JsonChecker. `where` names the document in errors ("body").
Result<CJsonPtr> parse_json(std::string_view text, std::string_view where);

// `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
std::string json_quoted(std::string_view text);

// Reads the members of one object, each at most once, and remembers the first fault. What a getter
// returns after a fault is a default: ask done() before using any of it.
//
//   ObjectReader reader(*document, "body");
//   const std::string name = reader.text("name");
//   const int64_t timeout = reader.integer("timeout", 0, 60'000, 0);
//   if (Status status = reader.done(); !status) return status.error();
//
// Faults are kInvalid; the operation is the place ("body.timeout"), the message what would be right
// there.
class ObjectReader {
 public:
  ObjectReader(const cJSON& value, std::string where);

  bool has(const char* name) const;  // does not count as reading

  std::string text(const char* name);  // required
  std::optional<std::string> optional_text(const char* name);
  int64_t integer(const char* name, int64_t min, int64_t max, int64_t fallback);  // optional

  // Optional: an array of up to `max` strings. null reads as absent does: has() tells them apart.
  std::optional<std::vector<std::string>> optional_texts(const char* name, size_t max);

  // The first fault; what was not read is one: "has no member 'colour'; it knows name, code".
  Status done();

 private:
  const cJSON* take(const char* name);
  void fault(const std::string& member, std::string message);
  std::string place(const std::string& member) const;

  const cJSON& value_;
  std::string where_;
  std::vector<std::string> known_;
  Status status_;
};

// Writes an object. Members keep the order in which they were added.
class JsonObject {
 public:
  JsonObject() : value_(cJSON_CreateObject()) {}

  JsonObject& text(const char* name, std::string_view value);
  JsonObject& integer(const char* name, int64_t value);
  JsonObject& number(const char* name, double value);  // finite
  JsonObject& boolean(const char* name, bool value);
  JsonObject& null(const char* name);
  JsonObject& raw(const char* name, const std::string& json);  // `json` must be valid JSON
  JsonObject& texts(const char* name, const std::vector<std::string>& values);  // an array
  JsonObject& object(const char* name, JsonObject value);

  std::string print() const;

 private:
  CJsonPtr value_;
};

}  // namespace sluice
