// Sweeper: brings to the queue what the store holds as due, and removes what has expired.
//
// The queue holds a bounded window and may forget; the store may not. Each tick looks at some more
// pages of due invocations, from where the last tick left off, and round again; what the queue has
// already it ignores. While the queue runs low the pages follow each other without a pause.
//
// A page that does not fit comes again at the next tick. Meanwhile a scout looks at what is due
// after it, so that an action that has filled the queue with the oldest does not stand before the
// others: it passes over those that were refused, which keeps each lane in its order.
//
// Every runner of a fleet has a sweeper; the queue decides which one sweeps.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

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
  Millis scout_a_tick{100};     // how long the scout looks at a time; at least at one page
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
  using LaneName = std::tuple<std::string, std::string, std::string, int>;

  void sweep();
  void on_page(Result<DuePage> page);
  void on_pushed(const std::vector<Status>& pushed);
  void begin_scouting();
  void scout();
  void on_scouted(Result<DuePage> page);
  void scout_on();
  void note_refused(const std::vector<Status>& pushed);
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
  std::vector<LaneName> pushing_;       // the lanes of its entries

  std::optional<DueCursor> scout_;  // where it goes on; absent: after the page that does not fit
  std::set<LaneName> refused_;      // since the scout set out: lanes that are full
  MonoTime scout_until_{};
};

}  // namespace sluice::runner
