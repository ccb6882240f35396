// What the end of a delivery means for its invocation: the one place that decides about retries,
// poison and the words that people read.
#pragma once

#include "base/clock.h"
#include "sandbox/pool.h"
#include "store/store.h"

namespace sluice::runner {

struct VerdictRules {
  // A job under which this many workers died is dead: it is the likely cause.
  uint32_t max_worker_deaths = 3;
  // A job that was delivered this often and never came to any end, not even a failure, is dead: it
  // takes whole runners with it.
  uint32_t max_deliveries = 20;
  // Before a job under which a worker died is run again, doubled with each such death: whatever
  // killed it (the system, short of memory) may have passed by then.
  Millis worker_death_retry{500};
  // Before a job is tried again whose code was not to be had: neither its fault nor an attempt.
  // Doubled with each delivery, up to a minute, so that it comes to a runner that is well before it
  // was delivered too often.
  Millis platform_retry{1'000};
};

// Of an execution that the pool answered.
Finish judge(const Delivery& delivery, sandbox::Execution execution, Uuid token, WallTime now,
             const VerdictRules& rules);

// Of a delivery that could not be executed at all. `error`: why its code is not to be had.
Finish judge_without_code(const Delivery& delivery, const Error& error, Uuid token, WallTime now,
                          const VerdictRules& rules);

// Of a delivery that is one too many; null when it is not.
std::shared_ptr<const Report> poisoned(const Delivery& delivery, const VerdictRules& rules);

}  // namespace sluice::runner
