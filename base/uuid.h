// UUIDs of version 7 (RFC 9562): the ids of invocations, batches and claims.
//
// 16 bytes in stores, text elsewhere. Their leading timestamp makes inserts land at the end of an
// index; nothing may rely on it for the order of events.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sluice {

struct Uuid {
  std::array<uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
  bool is_nil() const { return *this == Uuid{}; }

  std::string text() const;  // lower case, with hyphens
  static std::optional<Uuid> parse(std::string_view text);
};

// Makes version 7 ids that rise within one generator, also within one millisecond and when the
// clock steps back: below the millisecond stands a counter that starts at random, then random bits.
// One thread at a time.
class UuidGenerator {
 public:
  explicit UuidGenerator(const Clock& clock);
  Uuid next();

 private:
  uint64_t random();

  const Clock& clock_;
  uint64_t state_[4];  // xoshiro256**, seeded by the kernel: ids must be unique, not secret
  int64_t last_ms_ = 0;
  uint32_t counter_ = 0;
};

}  // namespace sluice

template <>
struct std::hash<sluice::Uuid> {
  size_t operator()(const sluice::Uuid& id) const noexcept {
    uint64_t tail;  // the random half
    std::memcpy(&tail, id.bytes.data() + 8, sizeof tail);
    uint64_t head;
    std::memcpy(&head, id.bytes.data(), sizeof head);
    return tail ^ (head * 0x9e3779b97f4a7c15ull);
  }
};
