#include "plugins/support/args.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

#include "sluice/plugin.hpp"

namespace sluice::plugin {
namespace {

namespace dom = simdjson::dom;

// "a text", "an object": what something is, for errors.
const char* kind_of(dom::element value) {
  switch (value.type()) {
    case dom::element_type::ARRAY:
      return "an array";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
      return "a number";
    case dom::element_type::STRING:
      return "a text";
    case dom::element_type::BOOL:
      return "true or false";
    case dom::element_type::NULL_VALUE:
      return "null";
  }
  return "something else";
}

std::string quoted(std::string_view key) {
  return "'" + std::string(key) + "'";
}

std::string range(int64_t least, int64_t most) {
  return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

struct Unit {
  std::string_view name;
  int64_t size;
};

// "64K": 65536. Nothing where the text is none, or beyond 64 bits.
std::optional<int64_t> parse_quantity(std::string_view text, std::span<const Unit> units) {
  int64_t number = 0, product = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return {};
  const std::string_view suffix(end, static_cast<size_t>(text.data() + text.size() - end));
  for (const Unit& unit : units)
    if (suffix == unit.name)
      return __builtin_mul_overflow(number, unit.size, &product) ? std::nullopt
                                                                 : std::optional(product);
  return {};
}

}  // namespace

struct Args::Impl {
  dom::parser parser;
  dom::object object;
  std::string what;
  std::vector<std::string> asked;

  std::optional<dom::element> find(std::string_view key) {
    if (std::find(asked.begin(), asked.end(), key) == asked.end()) asked.emplace_back(key);
    dom::element value;
    if (object.at_key(key).get(value) != simdjson::SUCCESS || value.is_null()) return {};
    return value;
  }

  dom::element need(std::string_view key, const char* wanted) {
    const auto value = find(key);
    if (!value) throw Failure(what + " needs " + quoted(key) + ", " + wanted);
    return *value;
  }

  [[noreturn]] static void refuse(std::string_view key, const std::string& wanted,
                                  dom::element value) {
    throw Failure(quoted(key) + " must be " + wanted + ", not " + kind_of(value));
  }

  static std::string as_text(std::string_view key, dom::element value) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) refuse(key, "a text", value);
    return std::string(text);
  }

  static std::string as_word(std::string_view key, dom::element value, const char* wanted) {
    std::string_view text;
    int64_t number = 0;
    uint64_t large = 0;
    double real = 0;
    const auto digits = [](auto value) {
      char buffer[32];
      return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
    };
    if (value.get(text) == simdjson::SUCCESS) return std::string(text);
    if (value.get(number) == simdjson::SUCCESS) return digits(number);
    if (value.get(large) == simdjson::SUCCESS) return digits(large);
    if (value.get(real) == simdjson::SUCCESS) return digits(real);
    refuse(key, wanted, value);
  }

  static int64_t as_integer(std::string_view key, dom::element value, int64_t least, int64_t most) {
    int64_t number = 0;
    double real = 0;
    // Lua code may well have computed a whole number as a float.
    if (value.get(number) != simdjson::SUCCESS) {
      if (value.get(real) != simdjson::SUCCESS) refuse(key, range(least, most), value);
      if (real < -9e15 || real > 9e15 || real != static_cast<double>(static_cast<int64_t>(real)))
        throw Failure(quoted(key) + " must be " + range(least, most));
      number = static_cast<int64_t>(real);
    }
    if (number < least || number > most)
      throw Failure(quoted(key) + " must be " + range(least, most) + ", not " +
                    std::to_string(number));
    return number;
  }

  int64_t quantity(std::string_view key, int64_t fallback, int64_t least, int64_t most,
                   std::span<const Unit> units, const char* unit, const char* example) {
    const auto value = find(key);
    std::string_view text;
    if (!value) return fallback;
    if (value->get(text) != simdjson::SUCCESS) return as_integer(key, *value, least, most);
    const auto read = parse_quantity(text, units);
    if (read && *read >= least && *read <= most) return *read;
    throw Failure(quoted(key) + " must be " + range(least, most) + ' ' + unit +
                  ", or a text such as " + example + " for as much");
  }

  static std::string as_object(std::string_view key, dom::element value) {
    if (!value.is_object()) refuse(key, "an object", value);
    return simdjson::minify(value);
  }

  dom::array as_array(std::string_view key, dom::element value, const char* wanted) {
    dom::array array;
    if (value.get(array) != simdjson::SUCCESS) refuse(key, wanted, value);
    return array;
  }
};

Args::Args(std::string_view json, std::string what) : impl_(std::make_unique<Impl>()) {
  impl_->what = std::move(what);
  dom::element root;
  const auto error = impl_->parser.parse(json.data(), json.size()).get(root);
  if (error != simdjson::SUCCESS)
    throw Failure(impl_->what + " is not valid JSON: " + simdjson::error_message(error));
  // What Lua wrote as an empty table without saying of what is written [] or {}.
  dom::array array;
  if (root.get(array) == simdjson::SUCCESS && array.size() == 0) {
    if (impl_->parser.parse(std::string_view("{}")).get(root) != simdjson::SUCCESS) return;
  }
  if (root.get(impl_->object) != simdjson::SUCCESS)
    throw Failure(impl_->what + " must be an object, not " + kind_of(root));
}

Args::~Args() = default;

bool Args::has(std::string_view key) const {
  return impl_->find(key).has_value();
}

std::string Args::text(std::string_view key) {
  return Impl::as_text(key, impl_->need(key, "a text"));
}

std::optional<std::string> Args::optional_text(std::string_view key) {
  const auto value = impl_->find(key);
  if (!value) return {};
  return Impl::as_text(key, *value);
}

std::vector<std::string> Args::texts(std::string_view key) {
  std::vector<std::string> texts;
  const auto value = impl_->find(key);
  if (!value) return texts;
  for (const dom::element one : impl_->as_array(key, *value, "an array of texts"))
    texts.push_back(Impl::as_text(key, one));
  return texts;
}

std::string Args::word(std::string_view key) {
  constexpr const char* kWanted = "a text or a number";
  return Impl::as_word(key, impl_->need(key, kWanted), kWanted);
}

std::vector<std::string> Args::words(std::string_view key) {
  constexpr const char* kWanted = "an array of texts and numbers";
  std::vector<std::string> words;
  for (const dom::element one : impl_->as_array(key, impl_->need(key, kWanted), kWanted))
    words.push_back(Impl::as_word(key, one, kWanted));
  return words;
}

int64_t Args::integer(std::string_view key, int64_t least, int64_t most) {
  return Impl::as_integer(key, impl_->need(key, range(least, most).c_str()), least, most);
}

int64_t Args::integer_or(std::string_view key, int64_t fallback, int64_t least, int64_t most) {
  const auto value = impl_->find(key);
  return value ? Impl::as_integer(key, *value, least, most) : fallback;
}

bool Args::flag(std::string_view key, bool fallback) {
  const auto value = impl_->find(key);
  if (!value) return fallback;
  bool flag = false;
  if (value->get(flag) != simdjson::SUCCESS) Impl::refuse(key, "true or false", *value);
  return flag;
}

std::chrono::milliseconds Args::millis_or(std::string_view key, std::chrono::milliseconds fallback,
                                          std::chrono::milliseconds least,
                                          std::chrono::milliseconds most) {
  static constexpr Unit kUnits[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}};
  return std::chrono::milliseconds(
      impl_->quantity(key, fallback.count(), least.count(), most.count(), kUnits, "ms", "\"2s\""));
}

int64_t Args::bytes_or(std::string_view key, int64_t fallback, int64_t least, int64_t most) {
  static constexpr Unit kUnits[] = {{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}};
  return impl_->quantity(key, fallback, least, most, kUnits, "bytes", "\"64K\"");
}

std::string Args::json(std::string_view key) {
  return simdjson::minify(impl_->need(key, "a value"));
}

std::optional<std::string> Args::optional_json(std::string_view key) {
  const auto value = impl_->find(key);
  if (!value) return {};
  return simdjson::minify(*value);
}

std::string Args::object(std::string_view key) {
  return Impl::as_object(key, impl_->need(key, "an object"));
}

std::optional<std::string> Args::optional_object(std::string_view key) {
  const auto value = impl_->find(key);
  if (!value) return {};
  return Impl::as_object(key, *value);
}

std::vector<std::string> Args::objects(std::string_view key) {
  std::vector<std::string> objects;
  const dom::array array =
      impl_->as_array(key, impl_->need(key, "an array of objects"), "an array of objects");
  for (const dom::element one : array) objects.push_back(Impl::as_object(key, one));
  return objects;
}

std::vector<std::pair<std::string, std::string>> Args::pairs(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const auto value = impl_->find(key);
  if (!value) return pairs;
  // An empty table of Lua code may well be [].
  dom::array array;
  if (value->get(array) == simdjson::SUCCESS && array.size() == 0) return pairs;
  dom::object object;
  if (value->get(object) != simdjson::SUCCESS) Impl::refuse(key, "an object of texts", *value);
  for (const auto field : object)
    pairs.emplace_back(field.key,
                       Impl::as_text(std::string(key) + "." + std::string(field.key), field.value));
  return pairs;
}

void Args::done() {
  for (const auto field : impl_->object) {
    const auto& asked = impl_->asked;
    if (std::find(asked.begin(), asked.end(), field.key) != asked.end()) continue;
    std::string known;
    for (const std::string& key : asked) known += (known.empty() ? "" : ", ") + key;
    throw Failure(impl_->what + " has an unknown key " + quoted(field.key) +
                  (known.empty() ? "; it takes none" : "; it takes " + known));
  }
}

std::string quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  // simdjson checks all of it at once; only what is not valid needs a closer look.
  const bool valid = simdjson::validate_utf8(text.data(), text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[i];
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else if (byte < 0x80 || valid) {
      out += text[i];
    } else {
      size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      length = std::min(length, text.size() - i);
      if (simdjson::validate_utf8(text.data() + i, length)) {
        out.append(text, i, length);
        i += length - 1;
      } else {
        out += "\xef\xbf\xbd";
      }
    }
  }
  return out + '"';
}

bool is_utf8(std::string_view bytes) {
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

}  // namespace sluice::plugin
