// Waiters: which requests wait for the end of which invocation.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "api/once.h"
#include "base/clock.h"
#include "queue/queue.h"
#include "store/store.h"

namespace sluice::api {

// What a waiting request is woken with.
struct Word {
  enum class Kind {
    kEnded,    // it has ended; `report` may be null: ask the store
    kTimeout,  // the wait is over, or the server stops
  };
  Kind kind = Kind::kTimeout;
  std::shared_ptr<const Report> report;
};

class Waiters {
 public:
  using Phase = Announcement::Phase;
  using Continue = Once<void(Word)>;
  using Ticket = uint64_t;  // 0: none

  // `arm` is called when there is something to tick for and was nothing before.
  Waiters(Store& store, const Clock& clock, size_t max_waiting, std::function<void()> arm);

  // Wakes `then` once, later: at an announcement of at least `phase`, or when `wait` is over.
  // kFull: too many wait already.
  Result<Ticket> add(const Uuid& id, Phase phase, Millis wait, Continue then);

  // Forgets the waiter, if it still waits.
  void remove(const Uuid& id, Ticket ticket);

  // From Queue::subscribe. Of what somebody wants to see durable, the store is told to hurry.
  void hear(std::span<const Announcement> news);

  // Ends the waits whose time is over. True while somebody waits.
  bool tick();

  // What has been waited for longer than `quiet` without word of it, and not been named here as
  // recently: at most `max`, the longest unasked first. News may be lost between processes; the
  // store is asked about these.
  std::vector<Uuid> overlooked(Millis quiet, size_t max);

  // The server stops: nobody waits any longer.
  void give_up();

  size_t size() const { return waiting_.size(); }

 private:
  struct Waiter {
    Ticket ticket;
    Phase phase;
    MonoTime deadline;
    MonoTime asked_at;  // when the store was last asked about it, or the waiting began
    Continue then;
  };

  Store& store_;
  const Clock& clock_;
  const size_t max_waiting_;
  std::function<void()> arm_;
  bool ticking_ = false;
  Ticket last_ = 0;
  std::unordered_multimap<Uuid, Waiter> waiting_;
};

}  // namespace sluice::api
