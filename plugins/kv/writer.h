// The one thread that writes: what waits is committed together, with one sync of the disk.
//
// Between commits it removes what has expired, in small batches, and moves the write-ahead log into
// the file.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "plugins/kv/database.h"
#include "plugins/kv/entries.h"

namespace sluice::kv {

struct WriterOptions {
  std::function<int64_t()> now;  // milliseconds since 1970; from the writer's thread
  std::function<void(const std::string&)> log_error;  // from the writer's thread
  size_t max_batch = 64;                              // writes in one commit
  std::chrono::milliseconds sweep_every{1000};        // how often it looks for what has expired
};

class Writer {
 public:
  // Changes rows; runs on the writer's thread, between load() and save(). It may throw before it
  // has changed anything, which is then what run() throws. It may run twice, when the first
  // transaction was undone.
  using Work = std::function<void(Entries&)>;

  Writer(Database database, WriterOptions options);
  ~Writer();  // no run() is under way
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // From any thread. Returns once the change is committed. Throws what the work threw, or Failure
  // where it could not be written: a full store, a full disk, no time left. What `work` refers to
  // must live as long as the work itself: the caller may be gone before.
  void run(Work work, Deadline deadline);

  struct Stats {
    uint64_t commits = 0;
    uint64_t swept = 0;  // rows
  };
  Stats stats() const { return {commits_, swept_}; }

 private:
  // Why a job failed; as a value, for exceptions are better not shared by threads.
  struct Trouble {
    std::string text;
    int code = SQLITE_OK;  // of SQLite, when the file is the trouble; else it is for the caller
  };
  enum class State { kWaiting, kRunning, kDone };
  struct Job {
    Work work;
    Deadline deadline;
    State state = State::kWaiting;
    std::optional<Trouble> trouble;
  };
  using JobPtr = std::shared_ptr<Job>;

  void loop();
  std::vector<JobPtr> take();  // empty: time to sweep, or to end
  void commit(const std::vector<JobPtr>& jobs);
  void commit_alone(const JobPtr& job);
  bool begin(const std::vector<JobPtr>& jobs);
  void work(const std::vector<JobPtr>& jobs);
  void finish_transaction();
  void done(const std::vector<JobPtr>& jobs);
  void sweep();
  void checkpoint();
  Trouble explained(const SqliteError& error);
  static int on_commit(void* self, sqlite3*, const char*, int frames);

  Database database_;
  Entries entries_;
  const WriterOptions options_;

  // The writer's thread alone.
  std::optional<int64_t> first_expiry_;
  int log_frames_ = 0;
  bool told_of_full_disk_ = false;
  bool checkpoint_fails_ = false;
  bool broken_ = false;  // a sync failed: nothing can be promised any more

  std::atomic<uint64_t> commits_{0};
  std::atomic<uint64_t> swept_{0};

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable done_;
  std::deque<JobPtr> waiting_;
  bool ending_ = false;

  std::thread thread_;
};

}  // namespace sluice::kv
