#include "store/sqlite/checkpointer.h"

#include "base/thread_name.h"

namespace sluice::sqlite {

Checkpointer::Checkpointer(Database database, CheckpointOptions options, Log& log,
                           std::function<void(const std::string&)> on_failed_sync)
    : database_(std::move(database)),
      options_(options),
      log_(log),
      on_failed_sync_(std::move(on_failed_sync)),
      thread_([this] { run(); }) {}

Checkpointer::~Checkpointer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

void Checkpointer::log_has_grown_to(int pages) {
  bool due;
  {
    std::lock_guard lock(mutex_);
    if (pages < pages_) checkpointed_at_ = 0;  // the log began anew
    pages_ = pages;
    due = pages_ - checkpointed_at_ >= options_.every_pages;
  }
  if (due) arrived_.notify_one();
}

void Checkpointer::run() {
  name_this_thread("checkpoint");
  for (;;) {
    bool hard;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(
          lock, [this] { return stopping_ || pages_ - checkpointed_at_ >= options_.every_pages; });
      if (stopping_) return;
      checkpointed_at_ = pages_;
      hard = pages_ >= options_.hard_pages;
    }
    // Passive first, also where a hard one follows: writers then wait for the remainder only.
    checkpoint(false);
    if (hard) checkpoint(true);
  }
}

void Checkpointer::checkpoint(bool hard) {
  const int mode = hard ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
  const int rc = sqlite3_wal_checkpoint_v2(database_.handle(), nullptr, mode, nullptr, nullptr);
  if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY) return;
  const Error error = database_.error(rc, "sqlite.checkpoint");
  if (is_failed_sync(rc))
    on_failed_sync_(error.text());
  else
    log_.warn("{}: will be tried again", error.text());
}

}  // namespace sluice::sqlite
