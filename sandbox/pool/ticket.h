// Ticket: a job on its way through the pool.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "sandbox/pool.h"

namespace sluice::sandbox {

struct Ticket {
  Job job;
  std::function<void(Execution)> done;
  MonoTime given_at{};
  bool called = false;        // a plugin: what it did there has happened
  unsigned lost_workers = 0;  // that died while they had it, without its being to blame
};
using TicketPtr = std::unique_ptr<Ticket>;

// The job's time limit, within bounds that a frame can carry.
inline std::chrono::milliseconds limit_of(const Job& job) {
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 20);  // fits 32 bits
  return std::clamp(job.timeout, std::chrono::milliseconds(1), kLongest);
}

}  // namespace sluice::sandbox
