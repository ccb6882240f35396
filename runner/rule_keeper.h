// RuleKeeper: sees to it that the queue knows how many invocations of which action may run at a
// time (Action::max_concurrency).
//
// The api tells the queue when an action changes; but the queue may forget, or not be reached, and
// the store may not. So each runner compares the two now and then, and at once where the queue has
// forgotten; until that is done the queue hands out nothing (await_rules of its options). A rule
// that the store knows nothing of is lifted: nothing waits for ever behind the cap of an action
// that is gone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "queue/queue.h"
#include "store/store.h"

namespace sluice::runner {

struct RuleKeeperOptions {
  Millis pause{10'000};  // between two comparisons while the queue has not forgotten
  // How long runners have, once the queue has forgotten, to say what they hold, before it hands out
  // anything again. Only where actions have caps. 0: runners live and die with the queue.
  Millis settle{0};
};

class RuleKeeper {
 public:
  // All of them outlive it. `forgotten`: the queue knows nothing any more; to tell it what this
  // runner holds. May come several times.
  RuleKeeper(Store& store, Queue& queue, const Clock& clock, Log& log, RuleKeeperOptions options,
             std::function<void()> forgotten);

  // To be called every second or so.
  void tick();

 private:
  void compare(const Rules& known, const std::vector<Action>& capped);
  void told(bool may_open, Status status);

  Store& store_;
  Queue& queue_;
  const Clock& clock_;
  Log& log_;
  const RuleKeeperOptions options_;
  const std::function<void()> forgotten_;

  bool busy_ = false;
  std::optional<MonoTime> compared_at_;
  size_t untold_ = 0;  // changes that the queue is being told
  Status telling_;     // the first error of these
};

}  // namespace sluice::runner
