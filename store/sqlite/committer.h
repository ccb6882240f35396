// The committer: decides when the ledger's changes go to the writer, and tells those who wait what
// came of it. On the executor's thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/answers.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/sqlite/ledger.h"
#include "store/sqlite/writer.h"

namespace sluice::sqlite {

class Committer {
 public:
  Committer(Ledger& ledger, const Answers& answers, const Clock& clock, Log& log,
            std::chrono::milliseconds linger);
  Status start(Database database, std::function<void(int pages)> log_grew,
               std::function<void(const std::string&)> failed_sync);

  // The entry has changed; `waiter` is told once the file shows it.
  void mark(Entry& entry, Urgency urgency, Waiter waiter = {});

  // `waiter` is told with the commit that the entry waits for already.
  void join(Entry& entry, Waiter waiter, Urgency urgency);

  // `waiter` is told with the commit that inserts the entry, and that one waits for nothing.
  void join_insert(Entry& entry, Waiter waiter);

  // Somebody waits for the entry, see Ledger::want.
  void want(Entry& entry);

  // Does `job` in the next commit. `done` comes within a turn, as callbacks of the port do.
  void run(Job job, Done<Status> done);

  void flush(Done<Status> done);

  // Ok, or why the last commit failed.
  const Status& health() const { return health_; }

  // Writes everything, blocking; calls nobody back. For the end.
  void write_the_rest();

  const WriterStats& stats() const { return writer_->stats(); }

 private:
  struct PendingJob {
    Job job;
    Done<Status> done;
  };
  using Completions = std::vector<std::function<void()>>;

  void arrange();    // sees to it that what waits will be handed over in time
  void hand_over();  // what is to be written goes to the writer
  void happened();   // the writer has something to tell
  void settle(Batch& batch, Completions& completions);
  void settle_row(Entry& entry, const RowWrite& row, const Status& committed,
                  const RowResult& result, Completions& completions);
  void tell(std::vector<Waiter> waiters, const Verdict& verdict, Completions& completions);
  void remove(Entry& entry, Verdict verdict, Completions& completions);
  void note_outcome(const Status& committed);

  Ledger& ledger_;
  const Answers& answers_;
  const Clock& clock_;
  Log& log_;
  const std::chrono::milliseconds linger_;
  std::unique_ptr<Writer> writer_;

  std::vector<PendingJob> jobs_;
  std::vector<Done<Status>> flushes_;
  bool turn_end_planned_ = false;
  std::optional<MonoTime> alarm_;  // what the writer was asked for

  // Of the commit under way.
  bool committing_ = false;
  std::vector<Entry*> entries_;  // beside the batch's rows
  std::vector<Done<Status>> job_callers_;
  std::vector<Done<Status>> flush_callers_;

  Status health_;
  std::chrono::milliseconds retry_delay_{0};
  MonoTime retry_at_{};
};

}  // namespace sluice::sqlite
