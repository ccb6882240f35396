// Text that leaves the sandbox: bounded, and valid UTF-8 whatever Lua code put into it.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace sluice::sandbox {

// The length of the UTF-8 sequence that begins at `begin`, 0 when it is not valid.
size_t utf8_sequence(const char* begin, const char* end);

// A buffer of fixed capacity. What does not fit is dropped, and "… (cut)" stands at the end; bytes
// that are not UTF-8 become U+FFFD. Never allocates after construction, so Lua may longjmp over its
// users.
class BoundedText {
 public:
  explicit BoundedText(size_t capacity);

  void append(std::string_view text);
  void append_number(long long number);
  void clear() { size_ = 0, cut_ = false; }

  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_.get(), size_}; }

 private:
  bool put(std::string_view valid);
  void cut();

  std::unique_ptr<char[]> data_;
  size_t capacity_;  // without the mark
  size_t size_ = 0;
  bool cut_ = false;
};

}  // namespace sluice::sandbox
