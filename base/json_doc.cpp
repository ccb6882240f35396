#include "base/json_doc.h"

#include <algorithm>
#include <cmath>

#include "base/json_check.h"

namespace sluice {
namespace {

std::string_view kind_of(const cJSON& value) {
  if (cJSON_IsObject(&value)) return "an object";
  if (cJSON_IsArray(&value)) return "an array";
  if (cJSON_IsString(&value)) return "a string";
  if (cJSON_IsNumber(&value)) return "a number";
  if (cJSON_IsBool(&value)) return "a boolean";
  return "null";
}

// The length of the UTF-8 sequence at the front of `text`; 0 when it is none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void append_escaped(std::string& out, unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

}  // namespace

Result<CJsonPtr> parse_json(std::string_view text, std::string_view where) {
  if (text.empty()) return Error{Code::kInvalid, std::string(where), "is empty; JSON is expected"};
  JsonChecker checker;
  if (Status status = checker.check(text); !status)
    return Error{Code::kInvalid, std::string(where), "is not JSON: " + status.error().message};
  // cJSON's strings end at the first NUL: what comes after it would be ignored silently.
  if (text.find("\\u0000") != std::string_view::npos)
    return Error{Code::kInvalid, std::string(where), "must not contain \\u0000"};
  CJsonPtr value(cJSON_ParseWithLength(text.data(), text.size()));
  if (!value) return Error{Code::kInvalid, std::string(where), "is not JSON that can be read here"};
  return value;
}

std::string json_quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text[0]);
    if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    if (c < 0x80) {
      append_escaped(out, c);
      text.remove_prefix(1);
      continue;
    }
    const size_t length = utf8_length(text);
    if (length == 0) {
      out += "\xef\xbf\xbd";
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  out += '"';
  return out;
}

// ── reading ──

ObjectReader::ObjectReader(const cJSON& value, std::string where)
    : value_(value), where_(std::move(where)) {
  if (!cJSON_IsObject(&value_)) {
    status_ =
        Error{Code::kInvalid, where_, "must be an object, is " + std::string(kind_of(value_))};
  }
}

std::string ObjectReader::place(const std::string& member) const {
  return member.empty() ? where_ : where_ + "." + member;
}

void ObjectReader::fault(const std::string& member, std::string message) {
  if (status_.ok()) status_ = Error{Code::kInvalid, place(member), std::move(message)};
}

bool ObjectReader::has(const char* name) const {
  return cJSON_GetObjectItemCaseSensitive(&value_, name) != nullptr;
}

const cJSON* ObjectReader::take(const char* name) {
  known_.emplace_back(name);
  return status_.ok() ? cJSON_GetObjectItemCaseSensitive(&value_, name) : nullptr;
}

std::string ObjectReader::text(const char* name) {
  const bool expected = status_.ok();
  std::optional<std::string> value = optional_text(name);
  if (!value && expected) fault(name, "is missing; it must be a string");
  return value ? *std::move(value) : std::string();
}

std::optional<std::string> ObjectReader::optional_text(const char* name) {
  const cJSON* member = take(name);
  if (!member) return std::nullopt;
  if (!cJSON_IsString(member)) {
    fault(name, "must be a string, is " + std::string(kind_of(*member)));
    return std::nullopt;
  }
  return member->valuestring;
}

int64_t ObjectReader::integer(const char* name, int64_t min, int64_t max, int64_t fallback) {
  const cJSON* member = take(name);
  if (!member) return fallback;
  const std::string wanted =
      "must be an integer from " + std::to_string(min) + " to " + std::to_string(max);
  if (!cJSON_IsNumber(member)) {
    fault(name, wanted + ", is " + std::string(kind_of(*member)));
    return fallback;
  }
  const double number = member->valuedouble;
  if (number != std::floor(number) || number < static_cast<double>(min) ||
      number > static_cast<double>(max)) {
    fault(name, wanted);
    return fallback;
  }
  return static_cast<int64_t>(number);
}

std::optional<std::vector<std::string>> ObjectReader::optional_texts(const char* name, size_t max) {
  const cJSON* member = take(name);
  if (!member || cJSON_IsNull(member)) return std::nullopt;
  const std::string wanted = "must be an array of at most " + std::to_string(max) + " strings";
  if (!cJSON_IsArray(member)) {
    fault(name, wanted + ", is " + std::string(kind_of(*member)));
    return std::nullopt;
  }
  std::vector<std::string> values;
  for (const cJSON* value = member->child; value; value = value->next) {
    const std::string at = std::string(name) + "[" + std::to_string(values.size()) + "]";
    if (values.size() == max) {
      fault(name, wanted);
      return std::nullopt;
    }
    if (!cJSON_IsString(value)) {
      fault(at, "must be a string, is " + std::string(kind_of(*value)));
      return std::nullopt;
    }
    values.emplace_back(value->valuestring);
  }
  return values;
}

Status ObjectReader::done() {
  if (!status_.ok()) return status_;
  std::vector<std::string_view> seen;
  for (const cJSON* member = value_.child; member; member = member->next) {
    const std::string_view name = member->string;
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
      std::string message = "is unknown here; known are ";
      for (size_t i = 0; i < known_.size(); ++i) message += (i ? ", " : "") + known_[i];
      fault(std::string(name.substr(0, 64)), std::move(message));
      break;
    }
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      fault(std::string(name), "is given twice");
      break;
    }
    seen.push_back(name);
  }
  return status_;
}

// ── writing ──

JsonObject& JsonObject::text(const char* name, std::string_view value) {
  return raw(name, json_quoted(value));
}

JsonObject& JsonObject::integer(const char* name, int64_t value) {
  return raw(name, std::to_string(value));  // cJSON's own numbers are doubles
}

JsonObject& JsonObject::number(const char* name, double value) {
  cJSON_AddNumberToObject(value_.get(), name, value);
  return *this;
}

JsonObject& JsonObject::boolean(const char* name, bool value) {
  cJSON_AddBoolToObject(value_.get(), name, value);
  return *this;
}

JsonObject& JsonObject::null(const char* name) {
  cJSON_AddNullToObject(value_.get(), name);
  return *this;
}

JsonObject& JsonObject::raw(const char* name, const std::string& json) {
  cJSON_AddRawToObject(value_.get(), name, json.c_str());
  return *this;
}

JsonObject& JsonObject::texts(const char* name, const std::vector<std::string>& values) {
  std::string array = "[";
  for (const std::string& value : values)
    array += (array.size() > 1 ? "," : "") + json_quoted(value);
  return raw(name, array + "]");
}

JsonObject& JsonObject::object(const char* name, JsonObject value) {
  cJSON_AddItemToObject(value_.get(), name, value.value_.release());
  return *this;
}

std::string JsonObject::print() const {
  const std::unique_ptr<char, void (*)(void*)> text(cJSON_PrintUnformatted(value_.get()),
                                                    cJSON_free);
  return text ? std::string(text.get()) : std::string();
}

}  // namespace sluice
