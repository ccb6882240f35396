// SHA-256 and base64, by libsodium.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct Sha256 {
  std::array<uint8_t, 32> bytes{};
  auto operator<=>(const Sha256&) const = default;
  std::string hex() const;
};

// The hash of the parts, each preceded by its length: ("ab","c") and ("a","bc") differ.
Sha256 sha256_of_parts(std::initializer_list<std::string_view> parts);

// The plain hash of one text, as `sha256sum` prints it.
Sha256 sha256(std::string_view text);

// RFC 4648 base64 with padding; white space is not accepted. nullopt when `text` is not that.
std::optional<std::string> base64_decode(std::string_view text);
std::string base64_encode(std::string_view bytes);

}  // namespace sluice

template <>
struct std::hash<sluice::Sha256> {
  size_t operator()(const sluice::Sha256& hash) const noexcept {
    size_t head;
    std::memcpy(&head, hash.bytes.data(), sizeof head);
    return head;
  }
};
