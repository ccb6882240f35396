#include "cli/quantity.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <initializer_list>
#include <optional>

namespace sluice::cli {
namespace {

// More than any machine has, and still exact in JSON's binary64.
constexpr int64_t kMax = int64_t{1} << 50;

struct Unit {
  std::string_view name;
  int64_t factor;
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::optional<int64_t> parse(std::string_view text, std::initializer_list<Unit> units) {
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number < 0) return std::nullopt;
  const std::string unit = lower({rest, static_cast<size_t>(end - rest)});
  for (const auto& [name, factor] : units)
    if (unit == name && number <= kMax / factor) return number * factor;
  return std::nullopt;
}

}  // namespace

Result<int64_t> parse_size_kb(std::string_view text) {
  constexpr int64_t kMb = 1024, kGb = kMb * 1024;
  const std::optional<int64_t> kb = parse(text, {{"", 1},
                                                 {"k", 1},
                                                 {"kb", 1},
                                                 {"kib", 1},
                                                 {"m", kMb},
                                                 {"mb", kMb},
                                                 {"mib", kMb},
                                                 {"g", kGb},
                                                 {"gb", kGb},
                                                 {"gib", kGb}});
  if (kb) return *kb;
  return Error{
      Code::kInvalid, "",
      "'" + std::string(text) +
          "' is no memory size: give a whole number of KB, or one with a unit, such as 512K, "
          "64M, 1G"};
}

Result<int64_t> parse_count(std::string_view text) {
  const std::optional<int64_t> count = parse(text, {{"", 1}});
  if (count) return *count;
  return Error{Code::kInvalid, "",
               "'" + std::string(text) + "' is no number: give a whole one, such as 4"};
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const std::optional<int64_t> ms =
      parse(text, {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}});
  if (ms) return std::chrono::milliseconds(*ms);
  return Error{
      Code::kInvalid, "",
      "'" + std::string(text) +
          "' is no duration: give a whole number of milliseconds, or one with a unit, such as "
          "500ms, 2s, 1m"};
}

}  // namespace sluice::cli
