#include "base/json_error.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace sluice {
namespace {

// Follows the grammar of RFC 8259 and stops at the first byte that does not. Each step returns
// false when it found the fault.
class Scanner {
 public:
  Scanner(std::string_view text, size_t max_depth) : text_(text), max_depth_(max_depth) {}

  // The grammar first: keys are compared only in a text that follows it.
  std::optional<JsonFault> run() {
    if (!document()) return fault_;
    at_ = 0;
    compares_keys_ = true;
    if (!document()) return fault_;
    return std::nullopt;
  }

 private:
  bool document() {
    if (text_.starts_with("\xEF\xBB\xBF"))
      return fail(0, "a byte order mark, which JSON does not have");
    skip_space();
    if (at_end()) return fail(at_, "no JSON value");
    if (!value(0)) return false;
    skip_space();
    if (!at_end())
      return fail(at_, fmt::format("expected the end after the value, got {}", here()));
    return true;
  }

  bool value(size_t depth) {  // recursion is bounded by max_depth_
    if (at_end()) return fail(at_, "expected a value, got the end");
    switch (text_[at_]) {
      case '{':
        return object(depth + 1);
      case '[':
        return array(depth + 1);
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        if (text_[at_] == '-' || is_digit()) return number();
        return fail(at_, fmt::format("expected a value, got {}", here()));
    }
  }

  bool object(size_t depth) {
    if (depth > max_depth_) return too_deep();
    ++at_;
    skip_space();
    if (take('}')) return true;
    std::vector<Key> keys;
    for (;;) {
      if (at_end() || text_[at_] != '"')
        return fail(at_, fmt::format("expected a key in double quotes, got {}", here()));
      const size_t start = at_;
      if (!string()) return false;
      if (compares_keys_) keys.push_back({unescaped(text_.substr(start, at_ - start)), start});
      skip_space();
      if (!take(':')) return fail(at_, fmt::format("expected ':' after a key, got {}", here()));
      skip_space();
      if (!value(depth)) return false;
      skip_space();
      if (take('}')) return unique(keys);
      if (!take(','))
        return fail(at_, fmt::format("expected ',' or '}}' after a value, got {}", here()));
      skip_space();
    }
  }

  struct Key {
    std::string text;  // unescaped
    size_t offset;     // of its opening quote
  };

  // Of several keys that come again, the first to do so is the fault.
  bool unique(std::vector<Key>& keys) {
    std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
      return a.text != b.text ? a.text < b.text : a.offset < b.offset;
    });
    const Key* again = nullptr;
    const Key* first = nullptr;
    for (size_t i = 1; i < keys.size(); ++i) {
      if (keys[i].text != keys[i - 1].text || (again && again->offset < keys[i].offset)) continue;
      again = &keys[i];
      first = &keys[i - 1];
    }
    if (!again) return true;
    return fail(again->offset, fmt::format("the key \"{}\" is given twice in one object, first at "
                                           "offset {}",
                                           shorten(key_at(again->offset)), first->offset));
  }

  // As it stands in the text, without its quotes.
  std::string_view key_at(size_t offset) const {
    size_t end = offset + 1;
    while (text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    return text_.substr(offset + 1, end - offset - 1);
  }

  // `quoted` is a whole string that string() has accepted.
  static std::string unescaped(std::string_view quoted) {
    std::string_view rest = quoted.substr(1, quoted.size() - 2);
    std::string out;
    while (!rest.empty()) {
      const size_t plain = std::min(rest.find('\\'), rest.size());
      out += rest.substr(0, plain);
      rest.remove_prefix(plain);
      if (rest.empty()) break;
      const char letter = rest[1];
      if (letter != 'u') {
        constexpr std::string_view kLetters = "\"\\/bfnrt";
        out += "\"\\/\b\f\n\r\t"[kLetters.find(letter)];
        rest.remove_prefix(2);
        continue;
      }
      uint32_t point = unit_of(rest);
      rest.remove_prefix(6);
      if (point >= 0xD800 && point <= 0xDBFF) {
        point = 0x10000 + ((point - 0xD800) << 10) + (unit_of(rest) - 0xDC00);
        rest.remove_prefix(6);
      }
      append_utf8(out, point);
    }
    return out;
  }

  static uint32_t unit_of(std::string_view escape) {
    uint32_t unit = 0;
    std::from_chars(escape.data() + 2, escape.data() + 6, unit, 16);
    return unit;
  }

  static void append_utf8(std::string& out, uint32_t point) {
    const auto tail = [&](int shift) {
      out += static_cast<char>(0x80 | ((point >> shift) & 0x3F));
    };
    if (point < 0x80) {
      out += static_cast<char>(point);
    } else if (point < 0x800) {
      out += static_cast<char>(0xC0 | point >> 6);
      tail(0);
    } else if (point < 0x10000) {
      out += static_cast<char>(0xE0 | point >> 12);
      tail(6);
      tail(0);
    } else {
      out += static_cast<char>(0xF0 | point >> 18);
      tail(12);
      tail(6);
      tail(0);
    }
  }

  bool array(size_t depth) {
    if (depth > max_depth_) return too_deep();
    ++at_;
    skip_space();
    if (take(']')) return true;
    for (;;) {
      if (!value(depth)) return false;
      skip_space();
      if (take(']')) return true;
      if (!take(','))
        return fail(at_, fmt::format("expected ',' or ']' after a value, got {}", here()));
      skip_space();
    }
  }

  bool word(std::string_view expected) {
    const size_t start = at_;
    while (!at_end() && is_word_character()) ++at_;
    const std::string_view got = text_.substr(start, at_ - start);
    if (got == expected) return true;
    return fail(start, fmt::format("expected '{}', got '{}'", expected, shorten(got)));
  }

  bool number() {
    const size_t start = at_;
    bool whole = true;
    take('-');
    if (!at_end() && text_[at_] == '0') {
      ++at_;
      if (!at_end() && is_digit()) return fail(start, "a number with a leading zero");
    } else if (!digits()) {
      return fail(at_, fmt::format("expected a digit, got {}", here()));
    }
    if (take('.')) {
      whole = false;
      if (!digits()) return fail(at_, fmt::format("expected a digit after '.', got {}", here()));
    }
    if (!at_end() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      whole = false;
      if (!take('-')) take('+');
      if (!digits())
        return fail(at_, fmt::format("expected a digit in the exponent, got {}", here()));
    }
    if (!at_end() && is_word_character())
      return fail(at_, fmt::format("expected the end of the number, got {}", here()));
    return in_range(text_.substr(start, at_ - start), whole, start);
  }

  bool in_range(std::string_view number, bool whole, size_t start) {
    if (whole) {
      int64_t parsed;
      const auto read = std::from_chars(number.data(), number.data() + number.size(), parsed);
      if (read.ec == std::errc()) return true;
      return fail(start, fmt::format("the integer {} is outside the range of int64 "
                                     "(-9223372036854775808 to 9223372036854775807); "
                                     "send it as a string, or with a fraction as a rounded number",
                                     shorten(number)));
    }
    // strtod, not from_chars, which does not tell too large from too small.
    if (std::isfinite(std::strtod(std::string(number).c_str(), nullptr))) return true;
    return fail(start, fmt::format("the number {} is outside the range of binary64 (about 1.8e308)",
                                   shorten(number)));
  }

  bool string() {
    const size_t start = at_++;
    while (!at_end()) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"') return ++at_, true;
      if (byte < 0x20)
        return fail(at_, fmt::format("a control character (0x{:02x}) in a string: write \\u{:04x}",
                                     byte, byte));
      if (byte == '\\') {
        if (!escape()) return false;
      } else if (byte < 0x80) {
        ++at_;
      } else if (!utf8()) {
        return false;
      }
    }
    return fail(start, "a string without its closing quote");
  }

  bool escape() {
    const size_t start = at_++;
    if (at_end()) return fail(start, "an escape sequence cut by the end");
    const char letter = text_[at_];
    if (letter != 'u') {
      if (std::string_view("\"\\/bfnrt").find(letter) == std::string_view::npos)
        return fail(start, fmt::format("unknown escape sequence: '\\' before {}", here()));
      ++at_;
      return true;
    }
    ++at_;
    const std::optional<unsigned> unit = hex4();
    if (!unit) return fail(start, "\\u needs four hexadecimal digits");
    if (*unit >= 0xDC00 && *unit <= 0xDFFF) return lone_surrogate(start);
    if (*unit < 0xD800 || *unit > 0xDFFF) return true;
    if (text_.substr(at_, 2) != "\\u") return lone_surrogate(start);
    at_ += 2;
    const std::optional<unsigned> low = hex4();
    if (!low || *low < 0xDC00 || *low > 0xDFFF) return lone_surrogate(start);
    return true;
  }

  bool utf8() {
    const size_t length = utf8_length();
    if (length == 0)
      return fail(at_, fmt::format("invalid UTF-8 (byte 0x{:02x})",
                                   static_cast<unsigned char>(text_[at_])));
    at_ += length;
    return true;
  }

  // Bytes of the character at at_, 0 when it is not well-formed (RFC 3629: no overlong forms, no
  // surrogates).
  size_t utf8_length() const {
    const auto byte = [&](size_t i) {
      return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0u;
    };
    const auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
    const unsigned first = byte(0), second = byte(1);
    if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
      const bool in_range = first == 0xE0 ? second >= 0xA0 : first == 0xED ? second <= 0x9F : true;
      return in_range && continues(1) && continues(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
      const bool in_range = first == 0xF0 ? second >= 0x90 : first == 0xF4 ? second <= 0x8F : true;
      return in_range && continues(1) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
  }

  std::optional<unsigned> hex4() {
    if (text_.size() - at_ < 4) return std::nullopt;
    unsigned value = 0;
    const char* end = text_.data() + at_ + 4;
    const auto read = std::from_chars(text_.data() + at_, end, value, 16);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    at_ += 4;
    return value;
  }

  bool digits() {
    const size_t start = at_;
    while (!at_end() && is_digit()) ++at_;
    return at_ > start;
  }

  bool take(char expected) {
    if (at_end() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (!at_end() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }

  bool at_end() const { return at_ >= text_.size(); }
  bool is_digit() const { return text_[at_] >= '0' && text_[at_] <= '9'; }
  bool is_word_character() const {
    const char c = text_[at_];
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit();
  }

  // The character at at_, as a person can read it.
  std::string here() const {
    if (at_end()) return "the end";
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte > 0x20 && byte < 0x7F) return fmt::format("'{}'", text_[at_]);
    if (byte >= 0x80) {
      if (const size_t length = utf8_length())
        return fmt::format("'{}'", text_.substr(at_, length));
    }
    return fmt::format("byte 0x{:02x}", byte);
  }

  static std::string shorten(std::string_view word) {
    constexpr size_t kShown = 40;
    if (word.size() <= kShown) return std::string(word);
    size_t cut = kShown;  // not within a character
    while ((static_cast<unsigned char>(word[cut]) & 0xC0) == 0x80) --cut;
    return std::string(word.substr(0, cut)) + "...";
  }

  bool lone_surrogate(size_t start) {
    return fail(start, "half of a surrogate pair, which is no character");
  }

  bool too_deep() { return fail(at_, fmt::format("nested deeper than {} levels", max_depth_)); }

  bool fail(size_t offset, std::string why) {
    fault_ = {offset, std::move(why)};
    return false;
  }

  const std::string_view text_;
  const size_t max_depth_;
  size_t at_ = 0;
  bool compares_keys_ = false;
  JsonFault fault_;
};

}  // namespace

std::optional<JsonFault> find_json_fault(std::string_view text, size_t max_depth) {
  return Scanner(text, max_depth).run();
}

std::string describe_position(std::string_view text, size_t offset) {
  size_t line = 1, column = 1;
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++column;
    }
  }
  return fmt::format("line {}, column {} (offset {})", line, column, offset);
}

}  // namespace sluice
