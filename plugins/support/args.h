// What our own plugins share: taking JSON objects apart with errors that name the key, and writing
// JSON.
//
// A plugin outside of this tree does not need it: any JSON library will do.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::plugin {

// A payload or a configuration. Each question notes its key; done() refuses the keys that nobody
// asked for. Everything throws Failure: "'limit' must be a whole number from 1 to 1000, not a
// text".
class Args {
 public:
  // `what` is how errors call it: "the payload", "Plugin \"mongo\"". Throws when the JSON is no
  // object.
  explicit Args(std::string_view json, std::string what = "the payload");
  ~Args();
  Args(const Args&) = delete;
  Args& operator=(const Args&) = delete;

  bool has(std::string_view key) const;  // null counts as not there, here and below

  std::string text(std::string_view key);
  std::optional<std::string> optional_text(std::string_view key);
  std::vector<std::string> texts(std::string_view key);  // an array of them; none when not there

  // What a server's protocol takes as text: a text, or a number, written with as few digits as
  // bring it back exactly (1.0 as "1").
  std::string word(std::string_view key);
  std::vector<std::string> words(std::string_view key);  // an array of them, which must be there

  int64_t integer(std::string_view key, int64_t least, int64_t most);
  int64_t integer_or(std::string_view key, int64_t fallback, int64_t least, int64_t most);
  bool flag(std::string_view key, bool fallback);

  // For configurations, as config.lua takes them elsewhere: a whole number, of milliseconds or
  // bytes, or a text with a unit: "1500ms", "2s", "5m", "1h"; "64K", "1M", "1G".
  std::chrono::milliseconds millis_or(std::string_view key, std::chrono::milliseconds fallback,
                                      std::chrono::milliseconds least,
                                      std::chrono::milliseconds most);
  int64_t bytes_or(std::string_view key, int64_t fallback, int64_t least, int64_t most);

  // Of an array or object of any depth, or a scalar: as JSON, every number exactly as it is.
  std::string json(std::string_view key);
  std::optional<std::string> optional_json(std::string_view key);
  // The same where only an object, or only an array, will do.
  std::string object(std::string_view key);
  std::optional<std::string> optional_object(std::string_view key);
  std::vector<std::string> objects(std::string_view key);  // an array of objects, each as JSON

  // An object of texts, as it is written; none when not there.
  std::vector<std::pair<std::string, std::string>> pairs(std::string_view key);

  void done();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
std::string quote(std::string_view text);

bool is_utf8(std::string_view bytes);

}  // namespace sluice::plugin
