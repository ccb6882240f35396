// Sweeper: brings to the queue what the store holds as due, and removes what has expired.
//
// The queue holds a bounded window and may forget; the store may not. Each tick looks at some more
// pages of due invocations, from where the last tick left off, and round again; what the queue has
// already it ignores. While the queue runs low the pages follow each other without a pause.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "queue/queue.h"
#include "store/store.h"

namespace sluice::runner {

struct SweeperOptions {
  size_t page = 1'000;
  size_t pages_a_tick = 4;
  size_t expire_step = 500;  // records removed at a time
};

class Sweeper {
 public:
  Sweeper(Store& store, Queue& queue, const Clock& clock, Log& log, SweeperOptions options = {});

  void tick();
  void stop() { stopped_ = true; }  // pages on the way are dropped

 private:
  void sweep();
  void on_page(Result<DuePage> page);
  void on_pushed(const std::vector<Status>& pushed);
  void expire();

  Store& store_;
  Queue& queue_;
  const Clock& clock_;
  Log& log_;
  const SweeperOptions options_;

  bool stopped_ = false;
  bool sweeping_ = false;
  bool expiring_ = false;
  size_t pages_left_ = 0;
  DueCursor position_;
  std::optional<DueCursor> following_;  // of the page being pushed
};

}  // namespace sluice::runner
