// The ledger: the invocations that are alive in this process, as they stand, and which of them have
// changes that the file does not show yet. It lives on the executor's thread and knows neither
// threads nor SQL.
//
// A change marks its entry; what the entry looks like when a commit takes it is what gets written.
// So all changes that wait for the same commit become one row write.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "store/sqlite/calls.h"
#include "store/store.h"

namespace sluice::sqlite {

struct Entry {
  Invocation record;
  int64_t seq = 0;           // its row
  bool in_file = false;      // the row exists
  bool unconfirmed = false;  // its ikey may belong to an invocation that only the file knows
  bool changed = false;      // since the last commit took it
  bool urgent = false;       // the change waits for nothing
  bool wanted = false;       // somebody waits for its end: that will not linger
  bool committing = false;   // a commit that holds it is under way
  bool idle = false;         // counted as kept in memory without need
  MonoTime changed_since{};
  std::vector<Waiter> next_commit;  // told when the change is written
  std::vector<Waiter> this_commit;
  std::vector<std::function<void()>> parked;  // go on once it is confirmed, or gone

  const Uuid& id() const { return record.submission->id; }
};

struct LedgerBounds {
  std::chrono::milliseconds linger{5};
  // Waiting and unclaimed, kept to spare a read: beyond these, claims read the file.
  size_t max_idle = 50'000;
  size_t max_idle_bytes = 64ull << 20;
  // Submitted and not written yet: beyond these, inserts are kFull.
  size_t max_unwritten = 50'000;
  size_t max_unwritten_bytes = 128ull << 20;
};

class Ledger {
 public:
  explicit Ledger(const LedgerBounds& bounds) : bounds_(bounds) {}

  Entry* find(const Uuid& id) const;
  Entry* find_by_ikey(const Sha256& ikey) const;
  bool has_room_for(const Submission& submission) const;

  Entry& add_new(Invocation record, int64_t seq);     // to be written
  Entry& add_stored(Invocation record, int64_t seq);  // as the file has it
  void erase(Entry& entry);

  // The entry's record has changed.
  void mark(Entry& entry, Urgency urgency, MonoTime now);
  void hurry(Entry& entry);  // what it has to write lingers no more
  // Somebody waits for it to be durable: that it exists, or that it has ended, now or later. A claim alone is
  // nothing anybody waits for.
  void want(Entry& entry);

  bool has_changes() const { return !changed_.empty(); }
  bool has_urgent_changes() const { return urgent_ > 0; }
  MonoTime oldest_change() const;  // of several; has_changes()

  // What joins the commit that begins now: all that is urgent, all that has ended (nothing more
  // will follow), and what has lingered long enough; or `all`. They are `committing` from now on.
  std::vector<Entry*> take(bool all, MonoTime now);

  // The commit is over. The waiters are the caller's to tell.
  void written(Entry& entry);
  void not_written(Entry& entry);  // it changed all the same: to be taken again

  // Lets go of an entry that nothing needs in memory. It may be gone afterwards.
  void settle(Entry& entry, WallTime now);

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [id, entry] : entries_) visit(*entry);
  }

 private:
  void end_idleness(Entry& entry);

  const LedgerBounds bounds_;
  std::unordered_map<Uuid, std::unique_ptr<Entry>> entries_;
  std::unordered_map<Sha256, Entry*> by_ikey_;
  std::vector<Entry*> changed_;  // in the order of their first change
  size_t urgent_ = 0;
  size_t idle_ = 0;
  size_t idle_bytes_ = 0;
  size_t unwritten_ = 0;
  size_t unwritten_bytes_ = 0;
};

}  // namespace sluice::sqlite
