#include "base/config/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "base/seal_key.h"
#include "base/secrets.h"

namespace sluice::config {
namespace {

struct Unit {
  std::string_view name;
  int64_t size;
};

constexpr Unit kTimeUnits[] = {
    {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
constexpr Unit kByteUnits[] = {{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}};
constexpr Unit kKilobyteUnits[] = {{"G", 1 << 20}, {"M", 1 << 10}, {"K", 1}};

std::span<const Unit> units_of(Kind kind) {
  if (kind == Kind::kMillis) return kTimeUnits;
  if (kind == Kind::kBytes) return kByteUnits;
  if (kind == Kind::kKilobytes) return kKilobyteUnits;
  return {};
}

std::optional<int64_t> parse_quantity(std::string_view text, std::span<const Unit> units) {
  int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  const std::string_view suffix(read.ptr, text.data() + text.size() - read.ptr);
  if (suffix.empty()) return number;
  for (const Unit& unit : units) {
    if (suffix != unit.name) continue;
    int64_t product;
    if (__builtin_mul_overflow(number, unit.size, &product)) return std::nullopt;
    return product;
  }
  return std::nullopt;
}

// Exact, with the largest unit that divides it: 60000 ms are 1m, 1500 are 1500ms.
std::string show_quantity(int64_t amount, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (amount != 0 && amount % unit.size == 0)
      return fmt::format("{}{}", amount / unit.size, unit.name);
  }
  return std::to_string(amount);
}

std::optional<bool> parse_switch(std::string_view text) {
  for (const std::string_view yes : {"true", "on", "yes", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "off", "no", "0"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

bool is_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return false;
  } else if (host.find_first_of(":[] \t") != std::string_view::npos) {
    return false;  // an IPv6 address needs its brackets
  }
  uint16_t port = 0;
  const std::string_view digits = text.substr(colon + 1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size() && !digits.empty();
}

bool has_prefix(std::string_view text, std::string_view prefixes) {
  while (!prefixes.empty()) {
    const std::string_view prefix = prefixes.substr(0, prefixes.find(' '));
    if (text.starts_with(prefix) && text.size() > prefix.size()) return true;
    prefixes.remove_prefix(std::min(prefixes.size(), prefix.size() + 1));
  }
  return false;
}

bool text_fits(const Shape& shape, std::string_view text) {
  if (text.empty() || text.find('\0') != std::string_view::npos) return false;
  if (shape.kind == Kind::kAddress) return is_address(text);
  if (shape.kind == Kind::kKey) return SealKey::from_hex(text).has_value();
  if (shape.kind == Kind::kChoice)
    return std::find(shape.choices.begin(), shape.choices.end(), text) != shape.choices.end();
  return shape.prefixes.empty() || has_prefix(text, shape.prefixes);
}

Texts split_at_commas(std::string_view text) {
  Texts parts;
  while (!text.empty()) {
    std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    part = part.substr(0, part.find_last_not_of(' ') + 1);
    parts.emplace_back(part);
  }
  return parts;
}

bool each_fits(const Shape& shape, const Texts& texts) {
  return std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return !text.empty() && text.find('\0') == std::string::npos &&
           (shape.prefixes.empty() || has_prefix(text, shape.prefixes)) &&
           (shape.kind == Kind::kTokens || text.find_first_of(" \t\r\n") == std::string::npos);
  });
}

std::optional<Value> fit_texts(const Shape& shape, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text && shape.kind == Kind::kTokens)
    return text_fits(shape, *text) ? std::optional(value) : std::nullopt;
  const auto* list = std::get_if<Texts>(&value);
  Texts texts = text ? split_at_commas(*text) : list ? *list : Texts();
  if ((!text && !list) || !each_fits(shape, texts)) return std::nullopt;
  return Value(std::move(texts));
}

bool is_quantity(Kind kind) {
  return kind == Kind::kNumber || !units_of(kind).empty();
}

}  // namespace

Result<Value> fit(const Shape& shape, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  std::optional<Value> fitted;
  if (shape.kind == Kind::kSwitch) {
    if (std::holds_alternative<bool>(value)) fitted = value;
    if (text) {
      if (const auto parsed = parse_switch(*text)) fitted = *parsed;
    }
  } else if (is_quantity(shape.kind)) {
    std::optional<int64_t> number;
    if (const auto* integer = std::get_if<int64_t>(&value)) number = *integer;
    if (text) number = parse_quantity(*text, units_of(shape.kind));
    if (number && *number >= shape.min && *number <= shape.max) fitted = *number;
  } else if (shape.kind == Kind::kTexts || shape.kind == Kind::kTokens) {
    fitted = fit_texts(shape, value);
  } else if (text && text_fits(shape, *text)) {
    fitted = value;
  }
  if (fitted) return std::move(*fitted);
  return Error{Code::kInvalid, "config", expectation(shape)};
}

std::string expectation(const Shape& shape) {
  const auto range = [&] {
    const auto units = units_of(shape.kind);
    return fmt::format("from {} to {}", show_quantity(shape.min, units),
                       show_quantity(shape.max, units));
  };
  switch (shape.kind) {
    case Kind::kSwitch:
      return "true or false";
    case Kind::kNumber:
      return fmt::format("an integer {}", range());
    case Kind::kMillis:
      return fmt::format("milliseconds, or a text like \"2s\", \"5m\", \"7d\", {}", range());
    case Kind::kBytes:
      return fmt::format("bytes, or a text like \"64K\", \"1M\", {}", range());
    case Kind::kKilobytes:
      return fmt::format("kilobytes, or a text like \"64M\", {}", range());
    case Kind::kChoice: {
      std::string words;
      for (size_t i = 0; i < shape.choices.size(); ++i) {
        if (i > 0) words += i + 1 == shape.choices.size() ? " or " : ", ";
        words += fmt::format("\"{}\"", shape.choices[i]);
      }
      return words;
    }
    case Kind::kAddress:
      return "an address with a port, like \"127.0.0.1:8080\" or \"[::1]:8080\"";
    case Kind::kPath:
      return "a path";
    case Kind::kKey:
      return std::string(kSealKeyIs);
    case Kind::kTexts:
      return shape.prefixes.empty()
                 ? "a list of texts without blanks"
                 : fmt::format("a list of texts that begin with {}",
                               shape.prefixes.substr(0, shape.prefixes.find(' ')));
    case Kind::kTokens:
      return "the path of a file, or in config.lua a list of entries as `sluice token` prints them";
    case Kind::kText:
      break;
  }
  if (shape.prefixes.empty()) return "a text";
  return fmt::format("a text that begins with {}",
                     shape.prefixes.substr(0, shape.prefixes.find(' ')));
}

std::string show(const Shape& shape, const Value& value) {
  if (const auto* on = std::get_if<bool>(&value)) return *on ? "true" : "false";
  if (const auto* number = std::get_if<int64_t>(&value))
    return show_quantity(*number, units_of(shape.kind));
  if (const auto* texts = std::get_if<Texts>(&value)) {
    if (shape.kind == Kind::kTokens) return fmt::format("({} entries)", texts->size());
    return fmt::format("{}", fmt::join(*texts, ","));
  }
  const auto& text = std::get<std::string>(value);
  return shape.kind == Kind::kKey && !text.empty() ? "***" : text;
}

std::string quote(const Value& value) {
  constexpr size_t kShown = 60;
  if (std::holds_alternative<Texts>(value)) return "that list";
  const auto* given = std::get_if<std::string>(&value);
  if (!given) return show({}, value);
  const std::string text = without_secrets(*given);
  if (text.size() <= kShown) return fmt::format("\"{}\"", text);
  return fmt::format("\"{}…\"", text.substr(0, kShown));
}

std::string quote(const Shape& shape, const Value& value) {
  if (shape.kind != Kind::kKey) return quote(value);
  const auto* text = std::get_if<std::string>(&value);
  return text ? fmt::format("a text of {} bytes", text->size()) : "another kind of value";
}

}  // namespace sluice::config
