// The writing thread: one batch after the other, each one transaction and one fsync.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/sqlite/database.h"
#include "store/sqlite/invocation_rows.h"

namespace sluice::sqlite {

// A write other than that of an invocation's row. Runs on the writer's thread, within the batch's
// transaction, and writes nothing when it answers an error of its own (kConflict, kNotFound, …).
// kUnavailable and kInternal fail the batch.
using Job = std::function<Status(Database&)>;

struct RowResult {
  Status status;
  std::optional<Uuid> duplicate_of;  // not written: this invocation holds the ikey
};

struct Batch {
  std::vector<Job> jobs;  // before the rows
  std::vector<RowWrite> rows;

  // Filled in by the writer, in the order of the above.
  Status committed;  // not ok: nothing of the batch was written
  std::vector<Status> job_results;
  std::vector<RowResult> row_results;
};

// From any thread.
struct WriterStats {
  std::atomic<uint64_t> commits{0};
  std::atomic<uint64_t> rows_inserted{0};
  std::atomic<uint64_t> rows_updated{0};
  std::atomic<uint64_t> cpu_us{0};         // of the thread
  std::atomic<uint64_t> committing_us{0};  // by the clock, between a batch's arrival and its end
};

class Writer {
 public:
  using MonoTime = std::chrono::steady_clock::time_point;

  struct Callbacks {
    std::function<void()> happened;  // a batch is done, or it is time: look with take()
    std::function<void(int pages)> log_grew;
    std::function<void(const std::string&)> failed_sync;
  };
  // All callbacks come on the writer's thread.
  static Result<std::unique_ptr<Writer>> start(Database database, Callbacks callbacks);
  ~Writer();  // writes what was handed over
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // One batch at a time: the next after this one was taken back.
  void write(std::unique_ptr<Batch> batch);

  // Calls `happened` at `time`. The earliest of several counts.
  void wake_at(MonoTime time);

  struct Events {
    std::unique_ptr<Batch> done;
    bool alarm = false;
  };
  Events take();
  std::unique_ptr<Batch> wait_for_batch();  // the one handed over

  const WriterStats& stats() const { return stats_; }

 private:
  struct Statements {
    InvocationWriter rows;
    Statement begin, commit, rollback;
  };
  Writer(Database database, Statements statements, Callbacks callbacks);

  void run();
  void wait_for_work(std::unique_lock<std::mutex>& lock);
  void commit(Batch& batch);
  int write_all(Batch& batch);
  int write_row(const RowWrite& row, RowResult& result);
  void fail(Batch& batch, int rc, const char* operation);

  Database database_;  // these are the thread's own
  Statements statements_;
  bool broken_ = false;  // a sync failed: what the file holds is unknown
  const Callbacks callbacks_;
  WriterStats stats_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<Batch> handed_over_;  // these are guarded by mutex_
  std::unique_ptr<Batch> done_;
  std::optional<MonoTime> alarm_;
  bool alarm_rang_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::sqlite
