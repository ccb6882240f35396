// Store: the truth about actions and invocations. Implementations: memory/, sqlite/, mongo/.
//
// Threads. A store is made for one Executor. Every call is made on that executor's thread and returns at
// once; every callback comes on that thread, later, never from inside the call. What blocks (a disk, a
// network) blocks on the store's own threads.
//
// Batches. Calls take many items and give one result for each, in the order of the items. One bad item
// never fails its batch.
//
// Time. Whether something is due, leased or expired is decided by the store's clock alone: the process's for
// a store in a process or a file, the server's for one that a fleet shares. Machines whose clocks differ therefore
// agree. What others say is a duration (`lease`, `retry_after`), or is shown to people and compared with nothing.
//
// Life cycle. Every transition names what it expects: `claim` takes only what is due and not leased,
// `finish` only what the named token holds. So a result is written exactly once, however often a job is
// delivered. See store/record.h for the states.
//
// Errors. kRefused: the state or the token does not allow it. kNotFound: no such record. kConflict: exists
// already. kFull: too much waits for the disk. kUnavailable: the disk is full or the database away; nothing
// was changed, as far as can be known: where a network fails amid an insert, the record may be there all the
// same (an ikey makes it safe to submit again). A write that was reported as done survives kill -9 and power loss.
//
// Every implementation passes test/contract/store_contract.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/record.h"

namespace sluice {

template <class T>
using Done = std::function<void(T)>;

// How long a write may wait for company.
enum class Urgency {
  kNow,     // joins the next commit
  kLinger,  // may be held back for some milliseconds, so that what follows soon (an insert's result, a
            // claim's finish) becomes the same write. Somebody who must be told at once uses kNow later
            // on the same record: that takes the held-back part along.
};

struct Inserted {
  Status status;
  Uuid id;                    // of the record that now answers for this submission
  bool deduplicated = false;  // an earlier submission with the same ikey exists; `id` is that one
};

// What a runner gets for an id it claimed.
struct Delivery {
  SubmissionPtr submission;
  uint32_t attempt = 0;     // this one's number, from 1
  uint32_t deliveries = 0;  // including this one
  bool recorded = false;    // the insert was durable when this was claimed; else see when_recorded
};

// What became of a claimed invocation.
struct Finish {
  enum class Next {
    kDone,   // `report` is final
    kDead,   // `report` is final, and nothing more is tried
    kRetry,  // it failed; again after `retry_after`. Counts as an attempt
    kReturn, // it did not run to an end through no fault of its own; the same, but does not count
  };
  Uuid id;
  Uuid token;
  Next next = Next::kDone;
  WallTime started_at{};                 // both by the runner's clock
  WallTime ended_at{};
  Millis retry_after{0};                 // kRetry and kReturn, from now
  std::shared_ptr<const Report> report;  // null only for kReturn
};

struct Renewed {
  enum class Answer { kKept, kLost, kCancel } answer = Answer::kLost;  // kCancel: kept, and to be stopped
};

// A place in the order of due invocations, for paging. Opaque to callers.
struct DueCursor {
  int64_t due_ms = INT64_MIN;
  int64_t sequence = 0;  // either of the two orders what is due at the same time
  Uuid id;
};

struct DueItem {
  Uuid id;
  std::string ns, queue, action;  // with priority: its lane
  int priority = 0;
  WallTime due_at{};
};

struct DuePage {
  std::vector<DueItem> items;
  std::optional<DueCursor> next;  // null: that was the last page
};

struct ListQuery {
  std::string ns = "default";
  std::optional<std::string> action;
  std::optional<State> state;
  std::optional<Uuid> before;  // newest first; for the next page: the last id of this one
  size_t limit = 50;
};

struct Counts {
  uint64_t scheduled = 0, queued = 0, running = 0;
  std::optional<WallTime> oldest_due;  // of the queued
};

enum class PutMode { kCreate, kReplace };

// What every implementation is told.
struct StoreOptions {
  Millis lease{60'000};                       // a claim not renewed for this long may be taken by another
  Millis retention{7 * 24 * 3'600'000ll};     // finish sets expires_at to the time of its end + this
  Millis code_grace{3'600'000};               // code that nothing refers to stays this long: an insert may be under way
};

class Store {
 public:
  virtual ~Store() = default;

  // ── invocations ──

  // Records submissions as queued, due from now on, or as scheduled where due_at lies ahead. The callback comes when they are
  // durable. From the return of the call on, this store can be asked to claim and finish them.
  // kFull, kUnavailable: not recorded, and what was claimed of it meanwhile can no longer be finished.
  virtual void insert(std::vector<SubmissionPtr> items, Urgency urgency, Done<std::vector<Inserted>> done) = 0;

  // Takes invocations for a runner: queued, or running with a lease that ran out. A claim is recorded, not
  // waited for: it may be answered before it is durable; losing it in a crash means that it runs again. The store's
  // clock fills in `claim.at`. kRefused: leased, ended, cancelled or not due yet.
  virtual void claim(std::vector<Uuid> ids, Claim claim, Done<std::vector<Result<Delivery>>> done) = 0;

  // Extends the leases of what `token` holds.
  virtual void renew(std::vector<Uuid> ids, Uuid token, Done<std::vector<Renewed>> done) = 0;

  // Ends a delivery. kRefused when `token` is not the record's current claim: nothing is written then. What was to
  // be cancelled and would go on (kRetry, kReturn) ends as cancelled.
  // Answered when durable. When the disk is full the store keeps the results and answers once they are written.
  virtual void finish(std::vector<Finish> items, Urgency urgency, Done<std::vector<Status>> done) = 0;

  // Somebody waits for these to be durable: what lingers of them, now or later (the finish that is still to come),
  // joins the next commit. Unknown ids are ignored. Stores that hold nothing back need not do anything.
  virtual void hurry(std::vector<Uuid> ids) { static_cast<void>(ids); }

  // Answers once the record of `id` is durable (at once where it is), or with the error of its insert. Joins the next
  // commit, and asks for no second one. kNotFound: there is no such record, or none any more.
  virtual void when_recorded(Uuid id, Done<Status> done) = 0;

  // Ends what waits (outcome cancelled); marks what runs, for its runner to hear at the next renew. kRefused
  // when it has ended.
  virtual void cancel(std::vector<Uuid> ids, Done<std::vector<Status>> done) = 0;

  // What should be on the queue now: queued, scheduled and due, or running with a lost lease, in the order
  // of due_at. Scheduled ones become queued by being claimed.
  virtual void due(DueCursor after, size_t limit, Done<Result<DuePage>> done) = 0;

  virtual void find(Uuid id, Done<Result<Invocation>> done) = 0;

  // Newest first. Payload, result and logs are left out (empty). kNotFound when `before` is unknown. This, `count` and
  // `due` show what is durable: they may lag behind by what still waits for the disk.
  virtual void list(ListQuery query, Done<Result<std::vector<Invocation>>> done) = 0;

  virtual void count(std::string ns, Done<Result<Counts>> done) = 0;

  // Removes up to `limit` finished records whose expires_at has passed, and code that nothing refers to any
  // more. Answers how many records went; fewer than `limit` means that it is done for now.
  virtual void expire(size_t limit, Done<Result<size_t>> done) = 0;

  // ── actions ──

  // Stores `action` and its code. kCreate: kConflict when the name is taken. kReplace: kNotFound when it is
  // not. `version`, `created_at` and `updated_at` are the store's to fill in; answers the action as stored.
  virtual void put_action(PutMode mode, Action action, CodeRecord code, Done<Result<Action>> done) = 0;
  virtual void find_action(std::string ns, std::string name, Done<Result<Action>> done) = 0;
  virtual void list_actions(std::string ns, Done<Result<std::vector<Action>>> done) = 0;  // by name
  // Of all namespaces, those with a max_concurrency; in no particular order.
  virtual void capped_actions(Done<Result<std::vector<Action>>> done) = 0;
  virtual void delete_action(std::string ns, std::string name, Done<Status> done) = 0;

  virtual void find_code(Sha256 hash, Done<Result<CodePtr>> done) = 0;
  // Replaces the bytecode of existing code, which could not be used. kNotFound when it is gone.
  virtual void put_bytecode(Sha256 hash, std::string bytecode, std::string lua_tag, Done<Status> done) = 0;

  // ── the store itself ──

  // Answers when everything accepted so far is durable, with the first error met.
  virtual void flush(Done<Status> done) = 0;

  // Whether an insert would be accepted now; the reason when not. For /readyz; immediate.
  virtual Status ready() const = 0;

  // How long a claim holds without being renewed: for the whole fleet the same.
  virtual Millis lease() const = 0;
};

}  // namespace sluice
