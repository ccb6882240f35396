#include "base/keys.h"

#include <sodium.h>

namespace sluice {

std::string random_hex(size_t bytes) {
  std::string random(bytes, '\0'), out(2 * bytes + 1, '\0');
  randombytes_buf(random.data(), random.size());
  sodium_bin2hex(out.data(), out.size(), reinterpret_cast<const uint8_t*>(random.data()), bytes);
  sodium_memzero(random.data(), random.size());
  out.pop_back();
  return out;
}

bool bytes_from_hex(std::string_view digits, std::span<uint8_t> bytes) {
  size_t length = 0;
  const char* end = nullptr;
  return sodium_hex2bin(bytes.data(), bytes.size(), digits.data(), digits.size(), nullptr, &length,
                        &end) == 0 &&
         length == bytes.size() && end == digits.data() + digits.size();
}

std::optional<Sha256> sha256_from_hex(std::string_view digits) {
  Sha256 out;
  if (!bytes_from_hex(digits, out.bytes)) return std::nullopt;
  return out;
}

bool same_in_constant_time(const Sha256& a, const Sha256& b) {
  return sodium_memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0;
}

}  // namespace sluice
