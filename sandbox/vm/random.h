// math.random and math.randomseed, so that no sequence goes on from one invocation to the next.
#pragma once

#include <cstdint>

namespace sluice::sandbox {

// xoshiro256** (Blackman and Vigna, 2018).
class Random {
 public:
  void seed(uint64_t seed);
  uint64_t next();

 private:
  uint64_t state_[4] = {1, 2, 3, 4};
};

// Yields the seeds of a Vm's invocations: splitmix64 from a start the system gave.
class Seeds {
 public:
  Seeds();
  uint64_t next();

 private:
  uint64_t state_;
};

}  // namespace sluice::sandbox
