// Bytes: what a target makes of its input: numbers and texts, taken from the front. At the end
// everything is 0 and empty, so every input means something.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::fuzz {

class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  template <class T>
  T number() {
    T value{};
    const size_t size = std::min(sizeof value, rest_.size());
    std::memcpy(&value, rest_.data(), size);
    rest_.remove_prefix(size);
    return value;
  }
  uint8_t byte() { return number<uint8_t>(); }

  std::string_view text(size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  // One whose length, below 256, stands before it.
  std::string_view text() { return text(byte()); }

 private:
  std::string_view rest_;
};

}  // namespace sluice::fuzz
