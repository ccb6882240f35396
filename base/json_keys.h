// Whether an object of a parsed text has the same key twice.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice {

// Takes the keys of objects as a parser meets them, inner objects within outer ones. Few keys are
// compared pair by pair, many by a hash whose secret is this object's own, so that no text can be
// made for its keys to collide.
class JsonKeys {
 public:
  void clear();

  void begin_object() { objects_.push_back(keys_.size()); }
  // The bytes must live until the object's end.
  void add(std::string_view key) { keys_.push_back(key); }
  // False: two of the object's keys are equal.
  bool end_object();

 private:
  bool unique_by_hash(size_t first);

  std::vector<std::string_view> keys_;  // of all open objects, the innermost last
  std::vector<size_t> objects_;         // where each open object's keys begin
  std::vector<uint32_t> table_;         // 0, or the number of a key from 1
  std::array<unsigned char, 16> secret_{};
  bool has_secret_ = false;
};

}  // namespace sluice
