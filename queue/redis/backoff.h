// Back-off: how long to wait before Redis is tried again.
#pragma once

#include <algorithm>
#include <random>

#include "base/clock.h"

namespace sluice::redis {

// Doubles from 50 ms to 1 s; each wait is a random part of it, at least half, so that a fleet does
// not come back at once.
class Backoff {
 public:
  Millis next() {
    const Millis most = wait_;
    wait_ = std::min(wait_ * 2, Millis(1'000));
    return Millis(std::uniform_int_distribution<int64_t>(most.count() / 2, most.count())(random_));
  }
  void reset() { wait_ = Millis(50); }

 private:
  Millis wait_{50};
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace sluice::redis
