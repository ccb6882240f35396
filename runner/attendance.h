// Attendance: says that this runner is there, and takes back what runners held that are not there
// any more.
#pragma once

#include <functional>

#include "base/log.h"
#include "queue/queue.h"
#include "runner/runner.h"

namespace sluice::runner {

class Attendance {
 public:
  // `self.running` is asked of the runner each time. All outlive it.
  Attendance(Queue& queue, const Runner& runner, Log& log, RunnerInfo self);

  // To be called every second or so.
  void tick();

  // This runner goes. Calls `done` when the queue knows, or cannot be told.
  void leave(std::function<void()> done);

 private:
  Queue& queue_;
  const Runner& runner_;
  Log& log_;
  RunnerInfo self_;
  bool gone_ = false;
};

}  // namespace sluice::runner
