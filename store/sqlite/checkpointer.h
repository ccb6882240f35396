// The checkpointing thread: moves what the write-ahead log holds into the database, off the commit
// path.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/log.h"
#include "store/sqlite/database.h"

namespace sluice::sqlite {

struct CheckpointOptions {
  int every_pages = 500;   // of growth of the log: 2 MiB
  int hard_pages = 1'500;  // a log of this size makes writers wait for the remainder, and begins
                           // anew: within the room made for it (log_space.h)
};

class Checkpointer {
 public:
  // `on_failed_sync` is called on the checkpointer's thread.
  Checkpointer(Database database, CheckpointOptions options, Log& log,
               std::function<void(const std::string&)> on_failed_sync);
  ~Checkpointer();  // without a last checkpoint: closing the last connection makes it
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // The log holds this many pages after a commit. From any thread; costs a comparison mostly.
  void log_has_grown_to(int pages);

 private:
  void run();
  void checkpoint(bool hard);

  Database database_;
  const CheckpointOptions options_;
  Log& log_;
  std::function<void(const std::string&)> on_failed_sync_;

  std::mutex mutex_;
  std::condition_variable arrived_;
  int pages_ = 0;  // these are guarded by mutex_
  int checkpointed_at_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::sqlite
