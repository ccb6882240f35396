// Keys: making them, and comparing what was made of them, by libsodium.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace sluice {

// That many bytes from the system's generator for keys, as lower-case hexadecimal digits.
std::string random_hex(size_t bytes);

// Exactly as many hexadecimal digits, in either case, as `bytes` hold. False: something else.
bool bytes_from_hex(std::string_view digits, std::span<uint8_t> bytes);

std::optional<Sha256> sha256_from_hex(std::string_view digits);  // 64 of them, in either case

// Looks at all bytes, wherever the first difference is: how long it takes says nothing.
bool same_in_constant_time(const Sha256& a, const Sha256& b);

}  // namespace sluice
