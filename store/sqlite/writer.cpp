#include "store/sqlite/writer.h"

#include "base/thread_name.h"

#include <time.h>

#include <cassert>
#include <utility>

namespace sluice::sqlite {
namespace {

uint64_t thread_cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

bool fails_the_batch(const Status& status) {
  return !status &&
         (status.error().code == Code::kUnavailable || status.error().code == Code::kInternal);
}

int count_log_pages(void* pages, sqlite3*, const char*, int in_log) {
  *static_cast<int*>(pages) = in_log;
  return SQLITE_OK;
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::start(Database database, Callbacks callbacks) {
  Statements statements;
  auto rows = InvocationWriter::prepare(database);
  if (!rows) return rows.error();
  statements.rows = std::move(*rows);
  const std::pair<Statement*, const char*> rest[] = {{&statements.begin, "BEGIN IMMEDIATE"},
                                                     {&statements.commit, "COMMIT"},
                                                     {&statements.rollback, "ROLLBACK"}};
  for (const auto& [statement, sql] : rest) {
    auto prepared = database.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return std::unique_ptr<Writer>(
      new Writer(std::move(database), std::move(statements), std::move(callbacks)));
}

Writer::Writer(Database database, Statements statements, Callbacks callbacks)
    : database_(std::move(database)),
      statements_(std::move(statements)),
      callbacks_(std::move(callbacks)),
      thread_([this] { run(); }) {}

Writer::~Writer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Writer::write(std::unique_ptr<Batch> batch) {
  {
    std::lock_guard lock(mutex_);
    assert(!handed_over_ && !done_);
    handed_over_ = std::move(batch);
  }
  changed_.notify_all();
}

void Writer::wake_at(MonoTime time) {
  {
    std::lock_guard lock(mutex_);
    if (alarm_ && *alarm_ <= time) return;
    alarm_ = time;
  }
  changed_.notify_all();
}

Writer::Events Writer::take() {
  std::lock_guard lock(mutex_);
  return {std::move(done_), std::exchange(alarm_rang_, false)};
}

std::unique_ptr<Batch> Writer::wait_for_batch() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return done_ != nullptr; });
  return std::move(done_);
}

void Writer::run() {
  name_this_thread("store writer");
  int log_pages = 0;
  sqlite3_wal_hook(database_.handle(), count_log_pages, &log_pages);

  std::unique_lock lock(mutex_);
  for (;;) {
    wait_for_work(lock);
    if (!handed_over_) return;  // stopping
    std::unique_ptr<Batch> batch = std::move(handed_over_);
    lock.unlock();

    const auto began = std::chrono::steady_clock::now();
    commit(*batch);
    const auto took = std::chrono::steady_clock::now() - began;
    stats_.committing_us += std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    stats_.cpu_us = thread_cpu_us();

    lock.lock();
    done_ = std::move(batch);
    lock.unlock();
    changed_.notify_all();
    callbacks_.happened();
    callbacks_.log_grew(log_pages);
    lock.lock();
  }
}

void Writer::wait_for_work(std::unique_lock<std::mutex>& lock) {
  while (!handed_over_ && !stopping_) {
    if (!alarm_) {
      changed_.wait(lock);
    } else if (const MonoTime alarm = *alarm_; std::chrono::steady_clock::now() < alarm) {
      changed_.wait_until(lock, alarm);
    } else {
      alarm_.reset();
      alarm_rang_ = true;
      lock.unlock();
      callbacks_.happened();
      lock.lock();
    }
  }
}

void Writer::commit(Batch& batch) {
  batch.job_results.resize(batch.jobs.size());
  batch.row_results.resize(batch.rows.size());
  if (broken_) {
    batch.committed = Error{Code::kUnavailable, "store.write", "the disk failed to sync"};
    return;
  }
  if (const int rc = statements_.begin.run(); rc != SQLITE_OK)
    return fail(batch, rc, "store.begin");
  if (const int rc = write_all(batch); rc != SQLITE_OK) return fail(batch, rc, "store.write");
  if (const int rc = statements_.commit.run(); rc != SQLITE_OK)
    return fail(batch, rc, "store.commit");

  ++stats_.commits;
  uint64_t inserted = 0, updated = 0;
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    if (!batch.row_results[i].status || batch.row_results[i].duplicate_of) continue;
    ++(batch.rows[i].insert ? inserted : updated);
  }
  stats_.rows_inserted += inserted;
  stats_.rows_updated += updated;
}

int Writer::write_all(Batch& batch) {
  for (size_t i = 0; i < batch.jobs.size(); ++i) {
    batch.job_results[i] = batch.jobs[i](database_);
    if (fails_the_batch(batch.job_results[i])) {
      const int rc = sqlite3_extended_errcode(database_.handle());
      return rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_ERROR : rc;
    }
  }
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    const int rc = write_row(batch.rows[i], batch.row_results[i]);
    if (rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}

// SQLITE_OK also when the row alone is at fault: its result says so.
int Writer::write_row(const RowWrite& row, RowResult& result) {
  const int rc = statements_.rows.write(row);
  if (rc == SQLITE_OK || !is_row_error(rc)) return rc;
  const Submission& what = *row.record.submission;
  if (row.insert && what.ikey && rc == SQLITE_CONSTRAINT_UNIQUE) {
    result.duplicate_of = statements_.rows.holder_of(*what.ikey);
    if (result.duplicate_of) return SQLITE_OK;
  }
  if (row.insert && rc == SQLITE_CONSTRAINT_UNIQUE) {
    result.status =
        Error{Code::kConflict, "store.insert", "invocation " + what.id.text() + " exists"};
  } else {
    result.status = database_.error(rc, "store.write");
  }
  return SQLITE_OK;
}

void Writer::fail(Batch& batch, int rc, const char* operation) {
  const Error error = database_.error(rc, operation);
  batch.committed = error;
  if (batch.committed.error().code != Code::kUnavailable)
    batch.committed = Error{Code::kInternal, error.operation, error.message};
  // Some errors have rolled it back already.
  if (!sqlite3_get_autocommit(database_.handle())) statements_.rollback.run();
  if (is_failed_sync(rc)) {
    broken_ = true;
    callbacks_.failed_sync(error.text());
  }
}

}  // namespace sluice::sqlite
