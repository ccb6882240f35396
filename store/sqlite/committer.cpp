#include "store/sqlite/committer.h"

#include <algorithm>

namespace sluice::sqlite {
namespace {

constexpr std::chrono::milliseconds kFirstRetry{10};
constexpr std::chrono::milliseconds kLastRetry{1'000};

// Real time, whatever clock the store was given: it only spaces commits.
MonoTime real_now() {
  return std::chrono::steady_clock::now();
}

Error not_written_because(const Error& why) {
  return {Code::kUnavailable, "store.write", why.message};
}

std::vector<Waiter> impatient_of(std::vector<Waiter>& waiters) {
  const auto patient = std::partition(waiters.begin(), waiters.end(), [](const Waiter& waiter) {
    return !waiter.call->is_impatient();
  });
  std::vector<Waiter> impatient(std::make_move_iterator(patient),
                                std::make_move_iterator(waiters.end()));
  waiters.erase(patient, waiters.end());
  return impatient;
}

}  // namespace

Committer::Committer(Ledger& ledger, const Answers& answers, const Clock& clock, Log& log,
                     std::chrono::milliseconds linger)
    : ledger_(ledger), answers_(answers), clock_(clock), log_(log), linger_(linger) {}

Status Committer::start(Database database, std::function<void(int)> log_grew,
                        std::function<void(const std::string&)> failed_sync) {
  // The guard is made here, on the executor's thread; the writer only copies and posts it.
  auto guarded = std::make_shared<const Task>(answers_.guard([this] { happened(); }));
  Writer::Callbacks callbacks;
  callbacks.happened = [executor = &answers_.executor(), guarded] { executor->post(*guarded); };
  callbacks.log_grew = std::move(log_grew);
  callbacks.failed_sync = std::move(failed_sync);
  auto writer = Writer::start(std::move(database), std::move(callbacks));
  if (!writer) return writer.error();
  writer_ = std::move(*writer);
  return Ok{};
}

void Committer::mark(Entry& entry, Urgency urgency, Waiter waiter) {
  if (waiter.call) entry.next_commit.push_back(std::move(waiter));
  ledger_.mark(entry, urgency, real_now());
  arrange();
}

void Committer::join(Entry& entry, Waiter waiter, Urgency urgency) {
  (entry.changed ? entry.next_commit : entry.this_commit).push_back(std::move(waiter));
  if (urgency == Urgency::kNow) ledger_.hurry(entry);
  arrange();
}

void Committer::join_insert(Entry& entry, Waiter waiter) {
  if (entry.committing) {  // whatever has changed since
    entry.this_commit.push_back(std::move(waiter));
    return;
  }
  entry.next_commit.push_back(std::move(waiter));
  ledger_.hurry(entry);
  arrange();
}

void Committer::want(Entry& entry) {
  ledger_.want(entry);
  arrange();
}

void Committer::run(Job job, Done<Status> done) {
  jobs_.push_back({std::move(job), std::move(done)});
  arrange();
}

void Committer::flush(Done<Status> done) {
  flushes_.push_back(std::move(done));
  arrange();
}

// ── towards the writer ──

void Committer::arrange() {
  if (committing_) return;  // its end will see to it
  if (ledger_.has_urgent_changes() || !jobs_.empty() || !flushes_.empty()) {
    if (turn_end_planned_) return;
    // At the turn's end: what else arrives in this turn joins the same commit.
    turn_end_planned_ = true;
    answers_.at_turn_end([this] {
      turn_end_planned_ = false;
      hand_over();
    });
  } else if (ledger_.has_changes()) {
    const MonoTime time = health_ ? ledger_.oldest_change() + linger_ : retry_at_;
    if (alarm_ && *alarm_ <= time) return;
    alarm_ = time;
    writer_->wake_at(time);
  }
}

void Committer::hand_over() {
  if (committing_) return;
  auto batch = std::make_unique<Batch>();
  entries_ = ledger_.take(!flushes_.empty(), real_now());
  batch->rows.reserve(entries_.size());
  for (const Entry* entry : entries_)
    batch->rows.push_back({!entry->in_file, entry->seq, entry->record});
  for (PendingJob& pending : jobs_) {
    batch->jobs.push_back(std::move(pending.job));
    job_callers_.push_back(std::move(pending.done));
  }
  jobs_.clear();
  flush_callers_ = std::move(flushes_);
  flushes_.clear();

  if (batch->rows.empty() && batch->jobs.empty()) {
    for (auto& done : flush_callers_) answers_.post<Status>(std::move(done), Ok{});
    flush_callers_.clear();
    arrange();
    return;
  }
  committing_ = true;
  writer_->write(std::move(batch));
}

// ── from the writer ──

void Committer::happened() {
  Writer::Events events = writer_->take();
  Completions completions;
  if (events.done) settle(*events.done, completions);
  if (events.alarm) alarm_.reset();
  // At once, before anybody is told: the writer works on while this thread answers.
  if (events.alarm || ledger_.has_urgent_changes()) hand_over();
  arrange();
  // Last, since a callback may do anything, even destroy the store.
  for (auto& completion : completions) completion();
}

void Committer::settle(Batch& batch, Completions& completions) {
  committing_ = false;
  note_outcome(batch.committed);
  const auto entries = std::move(entries_);
  entries_.clear();
  for (size_t i = 0; i < entries.size(); ++i)
    settle_row(*entries[i], batch.rows[i], batch.committed, batch.row_results[i], completions);

  for (size_t i = 0; i < job_callers_.size(); ++i) {
    if (!job_callers_[i]) continue;
    Status status = batch.committed ? std::move(batch.job_results[i])
                                    : Status(not_written_because(batch.committed.error()));
    completions.push_back(
        [done = std::move(job_callers_[i]), status = std::move(status)] { done(status); });
  }
  job_callers_.clear();
  for (auto& done : flush_callers_) {
    if (done)
      completions.push_back([done = std::move(done), status = batch.committed] { done(status); });
  }
  flush_callers_.clear();
}

void Committer::settle_row(Entry& entry, const RowWrite& row, const Status& committed,
                           const RowResult& result, Completions& completions) {
  Verdict verdict;
  if (!committed) {
    verdict.status = not_written_because(committed.error());
    if (entry.in_file) {  // accepted: kept, and tried again
      verdict.kind = Verdict::Kind::kFailed;
      tell(impatient_of(entry.this_commit), verdict, completions);
      return ledger_.not_written(entry);
    }
    verdict.kind = Verdict::Kind::kGone;
    return remove(entry, std::move(verdict), completions);
  }
  if (result.duplicate_of || !result.status) {
    verdict.kind = entry.in_file ? Verdict::Kind::kFailed : Verdict::Kind::kGone;
    verdict.status = result.status;
    verdict.duplicate_of = result.duplicate_of;
    if (entry.in_file)
      log_.error("invocation {} cannot be written: {}", entry.id().text(),
                 result.status.error().text());
    return remove(entry, std::move(verdict), completions);
  }
  ledger_.written(entry);
  verdict.record = &row.record;
  tell(std::exchange(entry.this_commit, {}), verdict, completions);
  for (auto& parked : entry.parked) answers_.post(std::move(parked));
  entry.parked.clear();
  ledger_.settle(entry, clock_.wall());
}

void Committer::tell(std::vector<Waiter> waiters, const Verdict& verdict,
                     Completions& completions) {
  for (Waiter& waiter : waiters) {
    if (waiter.call->tell(waiter.item, verdict))
      completions.push_back([call = std::move(waiter.call)] { call->answer(); });
  }
}

void Committer::remove(Entry& entry, Verdict verdict, Completions& completions) {
  tell(std::exchange(entry.this_commit, {}), verdict, completions);
  // What came later counted on a record that does not exist.
  tell(std::exchange(entry.next_commit, {}), verdict, completions);
  for (auto& parked : entry.parked) answers_.post(std::move(parked));
  entry.parked.clear();
  ledger_.erase(entry);
}

void Committer::note_outcome(const Status& committed) {
  if (committed) {
    if (!health_) log_.info("The store writes again");
    health_ = Ok{};
    retry_delay_ = {};
    return;
  }
  if (health_) log_.error("The store cannot write: {}", committed.error().text());
  health_ = Error{Code::kUnavailable, "store", committed.error().message};
  retry_delay_ = std::clamp(retry_delay_ * 2, kFirstRetry, kLastRetry);
  retry_at_ = real_now() + retry_delay_;
}

void Committer::write_the_rest() {
  Completions dropped;
  if (committing_) settle(*writer_->wait_for_batch(), dropped);
  flushes_.push_back(nullptr);  // takes all
  hand_over();
  if (!committing_) return;
  const auto batch = writer_->wait_for_batch();
  if (!batch->committed)
    log_.error("{} records could not be written at the end: {}", batch->rows.size(),
               batch->committed.error().text());
}

}  // namespace sluice::sqlite
