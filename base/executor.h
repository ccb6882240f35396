// Executor: where callbacks run. Every asynchronous port is given one, is called on its thread, and
// calls back on its thread, never from inside the call that asked.
#pragma once

#include <functional>

namespace sluice {

using Task = std::function<void()>;

class Executor {
 public:
  virtual ~Executor() = default;

  // Runs `task` later on the executor's thread, in the order of posting. Safe from any thread.
  virtual void post(Task task) = 0;

  // Runs `task` once, at the end of the current turn: after every event that has arrived and every
  // posted task, and before the thread sleeps. What gathers work into batches flushes here. Only on
  // the executor's own thread.
  virtual void at_turn_end(Task task) = 0;
};

}  // namespace sluice
