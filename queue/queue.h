// Queue: what to look at next, who to tell when it has ended, and who is there to run it.
// Implementations: local/ (in this process), redis/ (between processes).
//
// The store is the truth; a queue may forget everything and loses no job, since the sweeper pushes
// again what the store holds as due. So a queue is free to be bounded and in memory.
//
// Lanes. Entries wait in lanes, one for each (namespace, queue, priority, action), first in, first
// out. `pop` takes round-robin over the lanes of the highest priority that hold something, so that
// no action starves another. What waits is bounded, fairly: a lane that holds less than its share
// is taken in where others have filled the queue.
//
// Failure. A queue that cannot be reached answers pushes and questions with kUnavailable, soon;
// what is said to it without a callback (acknowledge, give_back) it keeps and says again when it is
// back, and a waiting pop goes on waiting. News may be lost: whoever waits for them asks the store
// now and then.
//
// Threads and callbacks: as in store/store.h, on one Executor. Every implementation passes
// test/contract/queue_contract.cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/uuid.h"
#include "sandbox/outcome.h"

namespace sluice {

struct Lane {
  std::string ns = "default";
  std::string queue = "default";
  std::string action;
  int priority = 0;  // higher first
  bool operator==(const Lane&) const = default;
};

struct ActionName {
  std::string ns;
  std::string action;
  bool operator==(const ActionName&) const = default;
};

struct Entry {
  Uuid id;
  Lane lane;
};

// Word that an invocation has ended. In one process it carries the result; between processes the id
// alone.
struct Announcement {
  enum class Phase {
    kResult,   // the result is there, its record on the way to the disk: only for the waiting
               // request that submitted the invocation itself
    kDurable,  // the record says so: for everyone
  };
  Uuid id;
  Phase phase = Phase::kDurable;
  std::shared_ptr<const Report> report;  // may be null: ask the store
};

// What holds back the lanes of an action.
struct LaneRule {
  bool paused = false;
  uint32_t max_delivered = 0;  // ids at runners at a time; 0: no cap
  bool operator==(const LaneRule&) const = default;
};

struct ActionRule {
  std::string ns;
  std::string action;
  LaneRule rule;
  bool operator==(const ActionRule&) const = default;
};

// The rules that a queue knows.
struct Rules {
  bool complete = false;        // rules_complete() was said, and nothing forgotten since
  Millis forgotten_for{0};      // not complete: how long ago anybody first asked and was told so
  std::vector<ActionRule> all;  // without empty ones, in no particular order
};

// A runner, as it says of itself and as the others see it.
struct RunnerInfo {
  std::string name;  // its own alone: not given to another, nor to the same program after a restart
  std::string host;
  std::string version;   // of the program
  WallTime since{};      // its start, by its own clock
  uint32_t workers = 0;  // processes that run Lua
  uint32_t running = 0;  // jobs claimed and not ended
  Millis last_heard{0};  // so long ago, by the queue's clock; filled in by `runners`
};

struct Depth {
  uint64_t waiting = 0;    // in lanes
  uint64_t delivered = 0;  // popped, not acknowledged
  uint64_t capacity = 0;   // of waiting; what does not fit stays in the store for the sweeper. What
                           // is given back, and the first few of each lane, may exceed it
};

class Queue {
 public:
  virtual ~Queue() = default;

  // Appends entries to their lanes. An id that the queue holds already, waiting or delivered, is
  // left as it is. kFull for those that do not fit: no loss, the store has them. A full queue still
  // takes a lane's entries up to its share, an eighth of the capacity divided by the lanes that
  // hold something, and at least one. `done` may be empty.
  virtual void push(std::vector<Entry> entries, std::function<void(std::vector<Status>)> done) = 0;

  // Gives up to `max` ids to `runner`, as soon as there is at least one. One pop at a time for each
  // runner; a second one is answered kRefused.
  virtual void pop(std::string runner, size_t max,
                   std::function<void(Result<std::vector<Uuid>>)> done) = 0;

  // For a runner that slow jobs of some actions keep full: gives up to `max` ids of all actions but
  // `passed_over`, of those that are there now. It never waits, and is answered with no ids where
  // there are none or the queue cannot be reached. Otherwise as pop, and one of the two at a time.
  virtual void pop_others(std::string runner, size_t max, std::vector<ActionName> passed_over,
                          std::function<void(Result<std::vector<Uuid>>)> done) = 0;

  // Takes back the waiting pop of `runner`, if any: it is answered with no ids.
  virtual void stop_pop(std::string runner) = 0;

  // The delivery is over (finished, refused or gone): the queue forgets the ids.
  virtual void acknowledge(std::string runner, std::vector<Uuid> ids) = 0;

  // The runner will not run these: back to the front of their lanes.
  virtual void give_back(std::string runner, std::vector<Uuid> ids) = 0;

  // Tells everyone who subscribed, in this process or another.
  virtual void announce(std::vector<Announcement> news) = 0;

  // Called for every batch of announcements from now on, on the executor's thread. One subscriber a
  // process.
  virtual void subscribe(std::function<void(std::span<const Announcement>)> listener) = 0;

  virtual void depth(std::function<void(Result<Depth>)> done) = 0;

  // ── rules ──

  // From now on `rule` holds for all lanes of this action together: pop passes over them while they
  // are paused or at their cap. Exact: never are more than `max_delivered` ids of the action popped
  // and neither acknowledged nor given back, but for those that were out before the rule came.
  // Nothing is lost, and what was popped stays with its runner. The empty rule lifts it. `done` may
  // be empty.
  virtual void restrain(std::string ns, std::string action, LaneRule rule,
                        std::function<void(Status)> done) = 0;

  // What holds now. A queue that forgets forgets its rules, too: somebody who knows them has to
  // look.
  virtual void rules(std::function<void(Result<Rules>)> done) = 0;

  // All rules have been said. A queue that was made to wait for them hands out ids only from now
  // on.
  virtual void rules_complete(std::function<void(Status)> done) = 0;

  // `runner` says which ids it holds, where the queue may have forgotten it: those that the queue
  // does not know, or that wait, are delivered to `runner` from now on, and count.
  virtual void hold(std::string runner, std::vector<Entry> entries) = 0;

  // ── runners ──

  // This runner is there. To be said every second or so; a runner that has not been heard of for
  // some seconds is dead.
  virtual void heartbeat(RunnerInfo info) = 0;

  // Those that are alive.
  virtual void runners(std::function<void(Result<std::vector<RunnerInfo>>)> done) = 0;

  // Takes back what dead runners hold, to the front of its lanes; answers how many ids that were.
  // Everybody may call it, at any time: what was held is taken back once.
  virtual void rescue(std::function<void(Result<size_t>)> done) = 0;

  // The runner goes: what it still holds is given back, and it is not among the runners any more.
  // `done` comes when everything that it said before has arrived, or cannot.
  virtual void leave(std::string runner, std::function<void()> done) = 0;

  // Asks to be the one who does `task`, for `lease` from now: true for one `who` at a time, and for
  // that one again before its lease is over. A lease of 0 gives the task up. False, too, when the
  // queue cannot be reached.
  virtual void lead(std::string task, std::string who, Millis lease,
                    std::function<void(bool)> done) = 0;

  // Whether a push would be accepted now; the reason when not. Immediate.
  virtual Status ready() const = 0;
};

}  // namespace sluice
