// RunnerSide: the half of a server that runs jobs, with the timers that drive it.
#pragma once

#include <functional>
#include <string>

#include "apps/sluice/options.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/seal.h"
#include "plugins/plugins.h"
#include "queue/queue.h"
#include "runner/attendance.h"
#include "runner/rule_keeper.h"
#include "runner/runner.h"
#include "runner/sweeper.h"
#include "sandbox/pool/process_pool.h"
#include "store/store.h"

namespace sluice {

// How long beyond the grace a program waits for its drain. Where nothing can be written at the end,
// it does not wait until it can: what could not be handed back comes back by itself, when its lease
// is over or the program starts again.
inline constexpr Millis kAfterGrace{3'000};

// All of them outlive it.
struct RunnerSideParts {
  Loop& loop;
  Store& store;
  Queue& queue;
  sandbox::ProcessPool& pool;  // started by whoever owns it
  plugins::Plugins& plugins;
  const Seal& seal;
  const Clock& clock;
  Log& log;
  Metrics& metrics;
};

class RunnerSide {
 public:
  RunnerSide(RunnerSideParts parts, const Settings& settings, Place place);

  // Begins to take jobs, unless there are no workers to run them.
  void start();

  // Takes no more, lets what runs end within the grace time, hands the rest back, tells the others
  // that it goes. `done` comes when nothing of it is on the way any more.
  void drain(std::function<void()> done);

  const std::string& name() const { return name_; }

 private:
  void every_second();
  void report_workers();

  RunnerSideParts parts_;
  const Settings& settings_;
  const std::string name_;
  runner::Runner runner_;
  runner::RuleKeeper rule_keeper_;
  runner::Sweeper sweeper_;
  runner::Attendance attendance_;
  Timer second_;
  Timer tenth_;

  Gauge& idle_workers_;
  Gauge& busy_workers_;
  Counter& kills_;
  size_t kills_told_ = 0;
};

}  // namespace sluice
