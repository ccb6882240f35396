#include "plugins/host/text.h"

#include <algorithm>

#include "base/utf8.h"

namespace sluice::plugins {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";
constexpr std::string_view kCut = "…";
constexpr size_t kLongestCharacter = 4;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// The bytes of the character that `text` begins with; 0: it begins with none.
size_t character(std::string_view text) {
  if (static_cast<unsigned char>(text.front()) < 0x80) return 1;
  for (size_t size = 2; size <= std::min(kLongestCharacter, text.size()); ++size)
    if (is_utf8(text.substr(0, size))) return size;
  return 0;
}

}  // namespace

std::string one_line(std::string_view text, size_t max_bytes) {
  std::string line;
  line.reserve(std::min(text.size(), max_bytes));
  size_t at = 0;
  size_t fits = 0;  // how much of the line stays where a mark follows it
  while (at < text.size()) {
    const size_t size = character(text.substr(at));
    const std::string_view next = size == 0              ? kReplacement
                                  : is_control(text[at]) ? " "
                                                         : text.substr(at, size);
    if (line.size() + next.size() > max_bytes) {
      line.resize(fits);
      return line.append(kCut);
    }
    line.append(next);
    at += std::max<size_t>(size, 1);
    if (line.size() + kCut.size() <= max_bytes) fits = line.size();
  }
  return line;
}

bool is_name(std::string_view text, size_t max_bytes) {
  return !text.empty() && text.size() <= max_bytes && is_utf8(text) &&
         std::none_of(text.begin(), text.end(), is_control);
}

std::string enumerate(std::span<const std::string> names, size_t most) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += ", ";
    if (i == most) return text + "…";
    text += names[i];
  }
  return text;
}

}  // namespace sluice::plugins
