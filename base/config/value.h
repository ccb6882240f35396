// One setting's value on its way from a text or from Lua into Settings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace sluice::config {

using Texts = std::vector<std::string>;
using Value = std::variant<bool, int64_t, std::string, Texts>;

// What a setting takes.
enum class Kind {
  kSwitch,     // true or false
  kNumber,     // an integer
  kMillis,     // an integer, or a text with a unit: "1500ms", "2s", "5m", "1h", "7d"
  kBytes,      // an integer, or a text with a unit: "512", "64K", "1M", "1G"
  kKilobytes,  // the same in KB: 65536, or "64M"
  kChoice,     // one of a few words
  kText,
  kPath,     // a text; a relative one in config.lua begins at that file's folder
  kAddress,  // "127.0.0.1:8080", "[::1]:8080"
  kKey,      // of a Seal; shown to nobody
  kTexts,    // a list of texts; outside of config.lua one text with commas between them
  kTokens,   // the path of a file; in config.lua a list of texts, too
};

struct Shape {
  Kind kind = Kind::kText;
  int64_t min = 0;
  int64_t max = 0;  // of numbers and quantities
  std::vector<std::string_view> choices = {};
  std::string_view prefixes = {};  // of a text, separated by spaces: "redis:// rediss://"
};

// Brings `value`, as somebody wrote it, into the form of `shape`: int64 for numbers and quantities,
// bool for switches, a list for kTexts, else text. An error says only what would be right: "an
// integer from 0 to 256".
Result<Value> fit(const Shape& shape, const Value& value);

// What `shape` takes, for people.
std::string expectation(const Shape& shape);

// The value as a person would write it: 60s, 64M, "text".
std::string show(const Shape& shape, const Value& value);

// A wrong value, for a message: in quotes and cut when long; of a secret only what it is like.
std::string quote(const Value& value);
std::string quote(const Shape& shape, const Value& value);

}  // namespace sluice::config
