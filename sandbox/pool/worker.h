// Worker: one worker process as the pool sees it: what it was offered, what it answers, how it is
// doing.
//
// It decides nothing: the pool chooses what to offer, when to take back and when to kill.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/loop.h"
#include "sandbox/layers.h"
#include "sandbox/pool.h"
#include "sandbox/pool/cgroups.h"
#include "sandbox/pool/channel.h"
#include "sandbox/pool/child_process.h"
#include "sandbox/pool/code_table.h"
#include "sandbox/pool/result_check.h"
#include "sandbox/pool/shared_page.h"
#include "sandbox/pool/ticket.h"
#include "sandbox/wire/frame.h"

namespace sluice::sandbox {

// Where the answer to a job's call goes.
struct CallPlace {
  uint64_t worker = 0;  // its number
  uint16_t slot = 0;
  uint64_t sequence = 0;
};

class Worker final : private Channel::Reader {
 public:
  // Told on the loop's thread. The worker may be killed from inside, but not destroyed.
  class Events {
   public:
    virtual ~Events() = default;
    // False: it must not be used, and is killed.
    virtual bool worker_ready(Worker& worker) = 0;
    virtual void worker_finished(Worker& worker, TicketPtr ticket, Execution execution) = 0;
    virtual void worker_skipped(
        Worker& worker) = 0;  // an offer that had been revoked is off its list
    // A job waits for a plugin. answer() ends that, or worker_hung_up().
    virtual void worker_called(const Job& job, const CallPlace& place, const Call& call) = 0;
    virtual void worker_hung_up(const Job& job) = 0;  // it does not wait any more
    virtual void worker_gone(Worker& worker) = 0;     // once, the last: take what remains()
  };

  struct Options {
    std::string path;  // of sluice-sandbox
    uint64_t max_memory_bytes = 128ull << 20;
    uint64_t snapshot_bytes = 16ull << 20;
    // What it may come to hold, with all that is not the jobs'.
    uint64_t most_bytes() const;
    size_t offers =
        wire::kBusySlots;  // at most so many at a time, beside those that wait for a plugin
    uint64_t number = 0;   // no other has it, ever
  };

  static Result<std::unique_ptr<Worker>> start(Loop& loop, const Clock& clock,
                                               const Options& options, ReadSpace& space,
                                               Events& events);

  void hold(Cgroup group) { group_ = std::move(group); }

  pid_t pid() const { return child_.pid(); }
  uint64_t number() const { return number_; }
  const std::string& lua_tag() const { return lua_tag_; }  // once ready
  const Layers& layers() const { return layers_; }         // once ready: as it says
  MonoTime started_at() const { return started_at_; }

  bool starting() const { return state_ == State::kStarting; }
  bool ready() const { return state_ == State::kReady; }
  bool dying() const { return state_ == State::kDying; }
  bool was_offered() const { return last_sequence_ > 0; }       // anything, ever
  bool was_killed() const { return killed_at_ != MonoTime{}; }  // by us

  // What it has to do. Revoked offers count until the worker has said that it skipped them: until
  // then nobody knows that it is alive.
  bool idle() const { return order_.empty(); }
  size_t outstanding() const { return order_.size(); }
  // Those of them that it could get on with: all but those that wait for a plugin.
  size_t pressing() const { return order_.size() - waiting_; }
  bool busy() const { return pressing() > 0; }
  bool full() const;
  bool out_of_slots() const { return order_.size() >= wire::kSlots; }
  bool reserved() const { return reserved_; }                      // by a job that must be alone
  const std::string* ns() const { return ns_ ? &*ns_ : nullptr; }  // null: none yet
  bool holds(const Job& job) const;                                // or another of its action
  MonoTime last_progress() const { return last_progress_; }
  MonoTime pressing_since() const;  // the oldest of them; only when busy

  // Not when full. Sent by flush(), with all else that was offered in this turn.
  void offer(TicketPtr ticket, MonoTime now);
  void flush() { channel_.flush(); }

  // What a plugin has answered. False: the job does not wait for it any more.
  bool answer(const CallPlace& place, const Answer& answer, MonoTime now);

  // Has the job end as cancelled. The ticket when it had not begun; else the worker is told, and
  // answers. `found`: it is here.
  TicketPtr cancel(const Uuid& id, MonoTime now, bool* found);

  // Whether an offer from before then has not begun, and of those that have none is of its action.
  bool keeps_back(MonoTime before) const;

  // Takes back up to `most` offers that were made before `before` and have not begun, in the order
  // they were made.
  std::vector<TicketPtr> revoke(size_t most, MonoTime before);

  enum class Health {
    kFine,
    kOvertime,      // the running job is past its limit and grace: a C function holds it
    kUnresponsive,  // no answer for so long that no limit explains it
    kOversized,     // has more memory than all of its jobs together may have
  };
  // Reads the control page, as hints, and tells it to end what has run out of time while it waits.
  // Call every few milliseconds while it is not idle.
  Health check(MonoTime now);

  // What a job had whose end the worker did not report.
  struct Spent {
    Micros run_time{0};
    Micros cpu_time{0};  // as the worker's page has it, and no more than the run time
  };

  // Jobs that it was told to end and has not, since it is busy with another. It may answer them no
  // more.
  struct Ended {
    TicketPtr ticket;
    Outcome outcome;
    Spent spent;
  };
  std::vector<Ended> take_overdue(MonoTime now);

  // By the kernel's count. The worker counts as well; this is for one that was taken over.
  bool oversized() const { return child_.resident_bytes() > most_bytes_; }

  // Kills the process. What it had sent is still heard; worker_gone follows.
  void kill(MonoTime now, Health cause, std::string why);
  bool overdue_to_die(MonoTime now) const;
  void give_up_waiting();  // worker_gone follows inside the call

  // What a worker left behind when it had gone. `charged`: the job to blame, null when none is.
  struct Remains {
    TicketPtr charged;
    Spent spent;                    // by it
    Health cause = Health::kFine;   // why we killed it; kFine: it died by itself
    std::string how;                // "was killed by signal 9 (Killed)"
    std::vector<Ended> ended;       // it had been told to end them
    std::vector<TicketPtr> others;  // in the order they were offered
  };
  Remains remains();

 private:
  enum class State { kStarting, kReady, kDying, kGone };

  struct Offer {
    TicketPtr ticket;  // null when free, revoked, or taken as overdue
    uint64_t sequence = 0;
    MonoTime made_at{};
    MonoTime pressing_since{};  // when it was made, or what it waited for was answered
    std::optional<MonoTime> seen_running_at;
    std::optional<MonoTime> began_at;      // once it has called: before, it is not known
    std::optional<MonoTime> seen_late_at;  // running past its limit, for the first time
    std::chrono::nanoseconds cpu_then{0};  // of the worker's processor time
    bool waits = false;
    bool revoked = false;
    std::optional<Outcome> told_to_end;
    MonoTime told_at{};

    // When it began, as far as anybody knows: at this time, or a little before. Nothing: it has
    // not.
    const std::optional<MonoTime>& begun_by() const {
      return began_at ? began_at : seen_running_at;
    }
  };

  Worker(Loop& loop, const Clock& clock, const Options& options, ReadSpace& space, Events& events,
         ChildProcess child, SharedPage page);

  size_t on_bytes(std::string_view bytes) override;
  void on_end() override;

  wire::Fault handle(const wire::Frame& frame);
  wire::Fault handle_hello(const wire::Frame& frame);
  wire::Fault handle_result(const wire::Frame& frame);
  wire::Fault handle_skipped(const wire::Frame& frame);
  wire::Fault handle_call(const wire::Frame& frame);
  Layer namespaces_layer() const;
  void gone();

  uint32_t ensure_code(const Code& code);
  Offer* outstanding_offer(const wire::Frame& frame);
  void forget(uint16_t slot);
  TicketPtr take_revoked(Offer& offer);
  void uncount_payload(const Offer& offer);
  void stop_waiting(Offer& offer);
  void hang_up(Offer& offer);
  void tell_to_end(uint16_t slot, Outcome outcome, MonoTime now);
  void watch_time(MonoTime now, const Offer* running);
  bool overstays(Offer& offer, MonoTime end, MonoTime now);
  MonoTime began(const Offer& offer) const;
  Spent spent_by(uint16_t slot, MonoTime until);
  Offer* running_offer(bool* implausible);
  Offer* to_blame();

  const Clock& clock_;
  const uint64_t number_;
  const size_t most_offers_;
  const uint64_t most_bytes_;
  Events& events_;
  Cgroup group_;  // goes after the child, which is in it
  ChildProcess child_;
  SharedPage page_;
  Channel channel_;
  CodeTable codes_;
  ResultCheck result_check_;

  State state_ = State::kStarting;
  bool was_ready_ = false;
  std::string lua_tag_;
  Layers layers_;
  std::optional<std::string> ns_;
  bool reserved_ = false;

  std::array<Offer, wire::kSlots> offers_;
  std::vector<uint16_t> order_;  // slots that are not free, the oldest offer first
  std::vector<uint16_t> free_slots_;
  size_t waiting_ = 0;  // offers that wait for a plugin
  uint64_t last_sequence_ = 0;
  size_t offered_bytes_ = 0;

  const MonoTime started_at_;
  MonoTime last_progress_{};
  MonoTime now_{};  // of the bytes being handled
  WallTime wall_now_{};

  MonoTime killed_at_{};
  std::chrono::nanoseconds cpu_in_the_end_{0};  // of the whole process, once it has gone
  Health cause_ = Health::kFine;
  uint64_t overdue_sequence_ = 0;
  unsigned owes_for_checks_ = 0;
  std::string how_;
};

}  // namespace sluice::sandbox
