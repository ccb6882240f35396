#include "plugins/kv/writer.h"

#include <algorithm>
#include <new>
#include <utility>

#include "sluice/plugin.hpp"

namespace sluice::kv {
namespace {

using plugin::Failure;
using std::chrono::steady_clock;

constexpr int64_t kSweptWithWrites = 16;  // rows: whoever waits for the commit pays for them
constexpr int64_t kSweptAlone = 64;
constexpr int kCheckpointFrames = 1000;  // pages in the write-ahead log
constexpr std::chrono::seconds kLockTimeout{5};
constexpr int64_t kSweepAgainMs = 1000;  // after it could not

}  // namespace

Writer::Writer(Database database, WriterOptions options)
    : database_(std::move(database)), entries_(database_), options_(std::move(options)) {
  sqlite3_wal_hook(database_.handle(), &on_commit, this);
  first_expiry_ = entries_.first_expiry();
  thread_ = std::thread([this] { loop(); });
}

Writer::~Writer() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  arrived_.notify_one();
  thread_.join();
  // What the disk may have lost must not be moved into the file.
  if (broken_) sqlite3_db_config(database_.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

void Writer::run(Work work, Deadline deadline) {
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->deadline = deadline;
  std::unique_lock lock(mutex_);
  waiting_.push_back(job);
  arrived_.notify_one();
  done_.wait_until(lock, deadline, [&] { return job->state == State::kDone; });
  if (job->state == State::kDone) {
    if (!job->trouble) return;
    if (job->trouble->code != SQLITE_OK) throw SqliteError(job->trouble->code, job->trouble->text);
    throw Failure(job->trouble->text);
  }
  if (job->state == State::kRunning)
    throw Failure("the time was up while the store wrote: it may have been done, or not");
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), job));
  throw Failure("the time was up before the store could write: nothing was changed");
}

void Writer::loop() {
  for (;;) {
    const std::vector<JobPtr> jobs = take();
    if (!jobs.empty()) {
      commit(jobs);
    } else {
      std::unique_lock lock(mutex_);
      if (ending_) return;
      lock.unlock();
      database_.wait_until(steady_clock::now());
      sweep();
    }
    checkpoint();
  }
}

std::vector<Writer::JobPtr> Writer::take() {
  std::unique_lock lock(mutex_);
  const auto called = [&] { return ending_ || !waiting_.empty(); };
  while (!called()) {
    if (!first_expiry_ || broken_) {
      arrived_.wait(lock, called);
    } else if (options_.now() >= *first_expiry_) {
      return {};
    } else {
      arrived_.wait_for(lock, options_.sweep_every, called);
    }
  }
  // They stay where they are until the transaction has begun: their callers may give up before.
  const size_t count = std::min(waiting_.size(), options_.max_batch);
  return {waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count)};
}

void Writer::commit(const std::vector<JobPtr>& jobs) {
  if (!begin(jobs)) return;
  std::vector<JobPtr> running;
  {
    std::lock_guard lock(mutex_);
    for (const JobPtr& job : jobs) {
      const auto at = std::find(waiting_.begin(), waiting_.end(), job);
      if (at == waiting_.end()) continue;
      waiting_.erase(at);
      job->state = State::kRunning;
      running.push_back(job);
    }
  }
  try {
    work(running);
    if (options_.now() >= first_expiry_.value_or(INT64_MAX))
      swept_ += static_cast<uint64_t>(entries_.sweep(options_.now(), kSweptWithWrites));
    finish_transaction();
  } catch (const SqliteError& error) {
    // One of them may be what cannot be written; the others shall not suffer from it.
    const Trouble why = explained(error);
    for (const JobPtr& job : running) {
      if (broken_) {
        job->trouble = why;
      } else {
        commit_alone(job);
      }
    }
  }
  done(running);
}

// Answers whether there is a transaction; the jobs have failed otherwise.
bool Writer::begin(const std::vector<JobPtr>& jobs) {
  Deadline last{};
  for (const JobPtr& job : jobs) last = std::max(last, job->deadline);
  database_.wait_until(std::min(last, steady_clock::now() + kLockTimeout));
  Trouble why;
  try {
    if (broken_) throw SqliteError(SQLITE_IOERR_FSYNC, "a sync has failed before");
    database_.execute("BEGIN IMMEDIATE");
    entries_.load();
    return true;
  } catch (const SqliteError& error) {
    database_.roll_back();
    why = explained(error);
  }
  std::vector<JobPtr> failed;
  {
    std::lock_guard lock(mutex_);
    for (const JobPtr& job : jobs) {
      const auto at = std::find(waiting_.begin(), waiting_.end(), job);
      if (at == waiting_.end()) continue;
      waiting_.erase(at);
      job->trouble = why;
      failed.push_back(job);
    }
  }
  done(failed);
  return false;
}

void Writer::work(const std::vector<JobPtr>& jobs) {
  for (const JobPtr& job : jobs) {
    job->trouble.reset();
    try {
      job->work(entries_);
    } catch (const Failure& failure) {
      job->trouble = Trouble{failure.what()};
    } catch (const std::bad_alloc&) {
      throw SqliteError(SQLITE_NOMEM, "no memory");
    }
  }
}

void Writer::finish_transaction() {
  entries_.save();
  database_.execute("COMMIT");
  ++commits_;
  told_of_full_disk_ = false;
  first_expiry_ = entries_.first_expiry();
}

void Writer::commit_alone(const JobPtr& job) {
  // Where there is no room, what has expired may make some: once.
  for (bool may_sweep = true;; may_sweep = false) {
    try {
      database_.execute("BEGIN IMMEDIATE");
      entries_.load();
      work({job});
      finish_transaction();
      return;
    } catch (const SqliteError& error) {
      job->trouble = explained(error);
      if (error.primary() != SQLITE_FULL || !may_sweep) return;
    }
    if (!first_expiry_ || options_.now() < *first_expiry_) return;
    sweep();
  }
}

// Undoes the transaction, and says why for the caller and for the log.
Writer::Trouble Writer::explained(const SqliteError& error) {
  database_.roll_back();
  if (error.is_failed_sync()) {
    const bool again = std::exchange(broken_, true);
    if (!again) options_.log_error(error.what());
    return {again
                ? "the store's disk failed before: it writes nothing until the server is started "
                  "again"
                : "the store's disk failed: this write may or may not be kept, and nothing more is "
                  "written until the server is started again"};
  }
  if (error.primary() == SQLITE_BUSY)
    return {"the store is locked by another process: nothing was changed"};
  if (error.primary() != SQLITE_FULL) return {error.what(), error.code};
  // SQLite says the same of its own limit and of the disk's.
  try {
    const int64_t most = database_.pragma("max_page_count"), used = database_.pragma("page_count");
    const int64_t free = database_.pragma("freelist_count"), size = database_.pragma("page_size");
    constexpr int64_t kLargestWrite = 1 << 20;
    if (most - used + free < kLargestWrite / size)
      return {"the store is full: its max_bytes is " + std::to_string(most * size) +
              "; nothing was changed"};
  } catch (const SqliteError& other) {
    return {other.what(), other.code};
  }
  // Once: whoever writes in a loop shall not fill the log as well.
  if (!std::exchange(told_of_full_disk_, true)) options_.log_error(error.what());
  return {"the store's disk is full: nothing was changed"};
}

void Writer::done(const std::vector<JobPtr>& jobs) {
  {
    std::lock_guard lock(mutex_);
    for (const JobPtr& job : jobs) job->state = State::kDone;
  }
  done_.notify_all();
}

void Writer::sweep() {
  try {
    database_.execute("BEGIN IMMEDIATE");
    entries_.load();
    const int64_t swept = entries_.sweep(options_.now(), kSweptAlone);
    finish_transaction();
    swept_ += static_cast<uint64_t>(swept);
  } catch (const SqliteError& error) {
    // Another process writes, or the disk is full: the next write, or the next time, will do it.
    explained(error);
    if (error.primary() != SQLITE_BUSY && error.primary() != SQLITE_FULL)
      options_.log_error(std::string("removing what has expired: ") + error.what());
    first_expiry_ = options_.now() + kSweepAgainMs;
  }
}

int Writer::on_commit(void* self, sqlite3*, const char*, int frames) {
  static_cast<Writer*>(self)->log_frames_ = frames;
  return SQLITE_OK;
}

void Writer::checkpoint() {
  if (log_frames_ < kCheckpointFrames || broken_) return;
  const int code = sqlite3_wal_checkpoint_v2(database_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                             nullptr, nullptr);
  log_frames_ = 0;
  const bool failed_before = std::exchange(checkpoint_fails_, false);
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return;
  checkpoint_fails_ = true;
  const SqliteError error(code, std::string("checkpoint: ") + sqlite3_errstr(code));
  if (error.is_failed_sync()) {
    explained(error);
  } else if (!failed_before) {
    options_.log_error(error.what());
  }
}

}  // namespace sluice::kv
