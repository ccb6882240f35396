#include "base/uuid.h"

#include <sys/random.h>

#include <bit>
#include <cstdlib>

namespace sluice {
namespace {

constexpr uint32_t kCounterBits = 12;
constexpr uint32_t kCounterEnd = 1u << kCounterBits;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool hyphen_before(int byte) {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

}  // namespace

std::string Uuid::text() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (int i = 0; i < 16; ++i) {
    if (hyphen_before(i)) out += '-';
    out += kDigits[bytes[i] >> 4];
    out += kDigits[bytes[i] & 15];
  }
  return out;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  size_t at = 0;
  for (int i = 0; i < 16; ++i) {
    if (hyphen_before(i) && text[at++] != '-') return std::nullopt;
    const int high = hex_digit(text[at]);
    const int low = hex_digit(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[i] = static_cast<uint8_t>(high << 4 | low);
    at += 2;
  }
  return id;
}

UuidGenerator::UuidGenerator(const Clock& clock) : clock_(clock) {
  if (getrandom(state_, sizeof state_, 0) != sizeof state_) std::abort();
}

uint64_t UuidGenerator::random() {
  // xoshiro256** by Blackman and Vigna, 2018.
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

Uuid UuidGenerator::next() {
  const uint64_t noise = random();
  const int64_t now_ms = clock_.wall().time_since_epoch().count();
  if (now_ms > last_ms_) {
    last_ms_ = now_ms;
    counter_ =
        static_cast<uint32_t>(noise >> 62 << 2);  // starts low: room to rise within the millisecond
  } else if (++counter_ == kCounterEnd) {
    ++last_ms_;  // borrowed from the next millisecond
    counter_ = 0;
  }

  Uuid id;
  for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<uint8_t>(last_ms_ >> (40 - 8 * i));
  id.bytes[6] = static_cast<uint8_t>(0x70 | counter_ >> 8);
  id.bytes[7] = static_cast<uint8_t>(counter_);
  std::memcpy(&id.bytes[8], &noise, 8);
  id.bytes[8] = static_cast<uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

}  // namespace sluice
