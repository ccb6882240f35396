#include "sandbox/vm/text.h"

#include <charconv>
#include <cstring>

#include "base/utf8.h"

namespace sluice::sandbox {
namespace {

constexpr std::string_view kCutMark = "… (cut)";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

size_t utf8_sequence(const char* begin, const char* end) {
  const auto byte = [begin](int index) { return static_cast<unsigned char>(begin[index]); };
  const auto continues = [&](int index) { return (byte(index) & 0xC0) == 0x80; };
  const size_t left = static_cast<size_t>(end - begin);
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;  // a continuation, or an overlong form
  if (first < 0xE0) return left >= 2 && continues(1) ? 2 : 0;
  if (first < 0xF0) {
    if (left < 3 || !continues(1) || !continues(2)) return 0;
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    return overlong || surrogate ? 0 : 3;
  }
  if (first > 0xF4 || left < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  const bool overlong = first == 0xF0 && byte(1) < 0x90;
  const bool beyond = first == 0xF4 && byte(1) >= 0x90;
  return overlong || beyond ? 0 : 4;
}

BoundedText::BoundedText(size_t capacity)
    : data_(new char[capacity]), capacity_(capacity - kCutMark.size()) {}

void BoundedText::append(std::string_view text) {
  if (is_utf8(text)) {
    put(text);
    return;
  }
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* const run = at;
    size_t length = 0;
    while (at != end && (length = utf8_sequence(at, end)) != 0) at += length;
    if (!put({run, static_cast<size_t>(at - run)})) return;
    if (at == end) return;
    if (!put(kReplacement)) return;
    ++at;
  }
}

void BoundedText::append_number(long long number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  put({digits, static_cast<size_t>(end - digits)});
}

bool BoundedText::put(std::string_view valid) {
  if (cut_) return false;
  const size_t room = capacity_ - size_;
  size_t length = valid.size();
  if (length > room) {
    length = room;
    // Back to the border of a character.
    while (length > 0 && (static_cast<unsigned char>(valid[length]) & 0xC0) == 0x80) --length;
  }
  if (length != 0) std::memcpy(data_.get() + size_, valid.data(), length);
  size_ += length;
  if (length < valid.size()) cut();
  return !cut_;
}

void BoundedText::cut() {
  std::memcpy(data_.get() + size_, kCutMark.data(), kCutMark.size());
  size_ += kCutMark.size();
  cut_ = true;
}

}  // namespace sluice::sandbox
