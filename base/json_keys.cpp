#include "base/json_keys.h"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace sluice {
namespace {

constexpr size_t kFew = 8;                  // compared pair by pair
constexpr size_t kKeptCapacity = 16 << 10;  // keys

static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == 8);

}  // namespace

void JsonKeys::clear() {
  if (keys_.capacity() > kKeptCapacity) keys_ = {};
  if (table_.capacity() > 4 * kKeptCapacity) table_ = {};
  keys_.clear();
  objects_.clear();
}

bool JsonKeys::end_object() {
  const size_t first = objects_.back();
  objects_.pop_back();
  bool unique = true;
  if (keys_.size() - first <= kFew) {
    const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(first);
    for (auto key = begin; unique && key != keys_.end(); ++key)
      unique = std::find(begin, key, *key) == key;
  } else {
    unique = unique_by_hash(first);
  }
  keys_.resize(first);
  return unique;
}

bool JsonKeys::unique_by_hash(size_t first) {
  if (!std::exchange(has_secret_, true)) randombytes_buf(secret_.data(), secret_.size());
  table_.assign(std::bit_ceil(2 * (keys_.size() - first)), 0);
  const size_t mask = table_.size() - 1;
  for (size_t i = first; i < keys_.size(); ++i) {
    const std::string_view key = keys_[i];
    uint64_t hash;
    crypto_shorthash(reinterpret_cast<unsigned char*>(&hash),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size(),
                     secret_.data());
    size_t place = hash & mask;
    for (; table_[place] != 0; place = (place + 1) & mask) {
      if (keys_[first + table_[place] - 1] == key) return false;
    }
    table_[place] = static_cast<uint32_t>(i - first + 1);
  }
  return true;
}

}  // namespace sluice
