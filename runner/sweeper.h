// Sweeper: brings to the queue what the store holds as due, and removes what has expired.
//
// The queue holds a bounded window and may forget; the store may not. Each tick looks at some more
// pages of due invocations, from where the last tick left off, and round again; what the queue has
// already it ignores. While the queue runs low the pages follow each other without a pause.
//
// Every runner of a fleet has a sweeper; the queue decides which one sweeps.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "queue/queue.h"
#include "store/store.h"

namespace sluice::runner {

struct SweeperOptions {
  std::string who = "local";  // to the queue, when it asks to be the one who sweeps
  Millis leadership{10'000};  // another takes over when this one has been silent for so long
  size_t page = 1'000;
  size_t pages_a_tick = 4;
  size_t expire_step = 500;     // records removed at a time
  Millis expire_pause{10'000};  // between looks for what has expired
};

class Sweeper {
 public:
  Sweeper(Store& store, Queue& queue, const Clock& clock, Log& log, SweeperOptions options = {});

  // To be called every second or so.
  void tick();
  void stop();  // pages on the way are dropped; another may sweep

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
  std::optional<MonoTime> expired_at_;  // the last look that found nothing more
  size_t pages_left_ = 0;
  DueCursor position_;
  std::optional<DueCursor> following_;  // of the page being pushed
};

}  // namespace sluice::runner
