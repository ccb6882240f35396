// SealKey: the 256-bit secret of a Seal, and where it comes from. It is wiped from memory when it
// goes, and no error shows any of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

class SealKey {
 public:
  static constexpr size_t kBytes = 32;

  static SealKey random();
  // From 64 hexadecimal digits; nullopt when `text` is not that.
  static std::optional<SealKey> from_hex(std::string_view text);

  SealKey(const SealKey&) = default;
  SealKey& operator=(const SealKey&) = default;
  ~SealKey();

  const std::array<uint8_t, kBytes>& bytes() const { return bytes_; }
  std::string hex() const;

 private:
  SealKey() = default;
  std::array<uint8_t, kBytes> bytes_{};
};

// What a person has to be told about a key that is none.
inline constexpr std::string_view kSealKeyIs =
    "64 hexadecimal digits, as `openssl rand -hex 32` makes them";

// A key that somebody put into a file: 64 hexadecimal digits, which white space may follow.
// kInvalid says which file, and what would be right.
Result<SealKey> read_key_file(const std::string& path);

// A key of a program's own, kept in a file that only its user can read: made where there is none
// (mode 0600, in one step, on the disk before it is used). A file that others could read or write,
// or that holds no key, is replaced; `notice` then says so. Nobody else may use the folder
// meanwhile. An error says which file, and why.
struct OwnKey {
  SealKey key;
  std::string notice;  // for the log; empty: nothing to tell
};
Result<OwnKey> own_key_file(const std::string& path);

}  // namespace sluice
