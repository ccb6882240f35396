// Ticket: a job on its way through the pool.
#pragma once

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

}  // namespace sluice::sandbox
