#include "store/memory/memory_store.h"

#include <algorithm>

#include "store/lifecycle.h"

namespace sluice {
namespace {

int64_t to_ms(WallTime time) {
  return time.time_since_epoch().count();
}

Error no_invocation(const char* operation, const Uuid& id) {
  return {Code::kNotFound, operation, "no invocation " + id.text()};
}

size_t bytes_of(const Invocation& record) {
  size_t bytes = record.submission->payload.size();
  if (record.report) bytes += record.report->result.size() + record.report->logs.size();
  return bytes;
}

// For lists: without what can be large.
Invocation outline_of(const Invocation& record) {
  Invocation outline = record;
  auto submission = std::make_shared<Submission>(*record.submission);
  submission->payload.clear();
  outline.submission = std::move(submission);
  if (record.report) {
    auto report = std::make_shared<Report>(*record.report);
    report->result.clear();
    report->logs.clear();
    outline.report = std::move(report);
  }
  return outline;
}

}  // namespace

MemoryStore::MemoryStore(Executor& executor, const Clock& clock, MemoryStoreOptions options)
    : executor_(executor), clock_(clock), options_(options) {}

MemoryStore::~MemoryStore() = default;

template <class T>
void MemoryStore::answer(Done<T> done, T value) {
  if (!done) return;
  executor_.post([alive = std::weak_ptr<int>(alive_), done = std::move(done),
                  value = std::move(value)]() mutable {
    if (!alive.expired()) done(std::move(value));
  });
}

MemoryStore::Entry* MemoryStore::entry(const Uuid& id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

MemoryStore::DueKey MemoryStore::due_key(const Entry& entry) {
  return {to_ms(entry.record.progress.due_at), entry.sequence};
}

// Keeps the order of due invocations right around a change of one of them.
template <class Change>
Status MemoryStore::change(const Uuid& id, const char* operation, Change&& apply) {
  Entry* found = entry(id);
  if (!found) return no_invocation(operation, id);
  const DueKey before = due_key(*found);
  lifecycle::Change change = apply(found->record);
  if (change.changed) {
    if (before != due_key(*found)) {
      unfinished_.erase(before);
      unfinished_.emplace(due_key(*found), id);
    }
    settle(*found);
  }
  return std::move(change.status);
}

// ── invocations ──

void MemoryStore::insert(std::vector<SubmissionPtr> items, Urgency,
                         Done<std::vector<Inserted>> done) {
  std::vector<Inserted> results;
  results.reserve(items.size());
  for (const SubmissionPtr& item : items) results.push_back(insert_one(item));
  answer(std::move(done), std::move(results));
}

Inserted MemoryStore::insert_one(const SubmissionPtr& submission) {
  const Uuid id = submission->id;
  if (submission->ikey) {
    const auto first = by_ikey_.find(*submission->ikey);
    if (first != by_ikey_.end()) return {Ok{}, first->second, true};
  }
  if (entries_.contains(id))
    return {Error{Code::kConflict, "store.insert", "invocation " + id.text() + " exists"}, id};
  const size_t bytes = submission->payload.size();
  if (unfinished_.size() >= options_.max_unfinished ||
      unfinished_bytes_ + bytes > options_.max_unfinished_bytes) {
    return {Error{Code::kFull, "store.insert",
                  std::to_string(unfinished_.size()) + " invocations wait in memory already"},
            id};
  }

  Entry& made = entries_[id];
  made.record = {submission, lifecycle::begin(*submission, clock_.wall()), nullptr};
  made.sequence = ++last_sequence_;
  by_sequence_.emplace_hint(by_sequence_.end(), made.sequence, id);
  unfinished_.emplace(due_key(made), id);
  unfinished_bytes_ += bytes;
  if (submission->ikey) by_ikey_.emplace(*submission->ikey, id);
  return {Ok{}, id};
}

void MemoryStore::claim(std::vector<Uuid> ids, Claim claim,
                        Done<std::vector<Result<Delivery>>> done) {
  std::vector<Result<Delivery>> results;
  results.reserve(ids.size());
  const WallTime now = clock_.wall();
  for (const Uuid& id : ids) {
    Delivery delivery;
    Status status = change(id, "store.claim", [&](Invocation& record) {
      lifecycle::Change change = lifecycle::claim(record, claim, now, options_.store);
      delivery = {record.submission, record.progress.attempt, record.progress.deliveries, true};
      return change;
    });
    if (status)
      results.emplace_back(std::move(delivery));
    else
      results.emplace_back(status.error());
  }
  answer(std::move(done), std::move(results));
}

void MemoryStore::renew(std::vector<Uuid> ids, Uuid token, Done<std::vector<Renewed>> done) {
  std::vector<Renewed> results;
  results.reserve(ids.size());
  for (const Uuid& id : ids) {
    Entry* found = entry(id);
    results.push_back(found ? lifecycle::renew(found->record, token, clock_.wall()) : Renewed{});
  }
  answer(std::move(done), std::move(results));
}

void MemoryStore::finish(std::vector<Finish> items, Urgency, Done<std::vector<Status>> done) {
  std::vector<Status> results;
  results.reserve(items.size());
  const WallTime now = clock_.wall();
  for (const Finish& item : items) {
    results.push_back(change(item.id, "store.finish", [&](Invocation& record) {
      return lifecycle::finish(record, item, now, options_.store);
    }));
  }
  answer(std::move(done), std::move(results));
}

void MemoryStore::when_recorded(Uuid id, Done<Status> done) {
  answer<Status>(std::move(done),
                 entry(id) ? Status() : Status(no_invocation("store.when_recorded", id)));
}

void MemoryStore::cancel(std::vector<Uuid> ids, Done<std::vector<Status>> done) {
  std::vector<Status> results;
  results.reserve(ids.size());
  const WallTime now = clock_.wall();
  for (const Uuid& id : ids) {
    results.push_back(change(id, "store.cancel", [&](Invocation& record) {
      return lifecycle::cancel(record, now, options_.store);
    }));
  }
  answer(std::move(done), std::move(results));
}

void MemoryStore::settle(Entry& entry) {
  if (entry.settled || !is_finished(entry.record.progress.state)) return;
  entry.settled = true;
  unfinished_.erase(due_key(entry));
  unfinished_bytes_ -= entry.record.submission->payload.size();
  finished_.push_back(entry.record.submission->id);
  ++finished_count_;
  finished_bytes_ += bytes_of(entry.record);
  // The last one stays, however large: somebody is about to ask for it.
  while (finished_count_ > 1 && (finished_count_ > options_.max_finished ||
                                 finished_bytes_ > options_.max_finished_bytes)) {
    forget_oldest_finished();
  }
}

void MemoryStore::forget_oldest_finished() {
  const Uuid oldest = finished_.front();
  finished_.pop_front();
  forget(oldest);
}

void MemoryStore::forget(const Uuid& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  const Invocation& record = found->second.record;
  --finished_count_;
  finished_bytes_ -= bytes_of(record);
  if (record.submission->ikey) by_ikey_.erase(*record.submission->ikey);
  by_sequence_.erase(found->second.sequence);
  entries_.erase(found);
}

// ── questions ──

void MemoryStore::due(DueCursor after, size_t limit, Done<Result<DuePage>> done) {
  const WallTime now = clock_.wall();
  DuePage page;
  DueCursor last = after;
  for (auto at = unfinished_.upper_bound({after.due_ms, after.sequence});
       at != unfinished_.end() && at->first.first <= to_ms(now); ++at) {
    const Invocation& record = entries_.at(at->second).record;
    if (!lifecycle::is_claimable(record.progress, now, options_.store.lease)) continue;
    if (page.items.size() == limit) {
      page.next = last;
      break;
    }
    const Submission& what = *record.submission;
    page.items.push_back(
        {what.id, what.ns, what.queue, what.action, what.priority, record.progress.due_at});
    last = {at->first.first, at->first.second, {}};
  }
  answer<Result<DuePage>>(std::move(done), std::move(page));
}

void MemoryStore::find(Uuid id, Done<Result<Invocation>> done) {
  const Entry* found = entry(id);
  if (!found) return answer<Result<Invocation>>(std::move(done), no_invocation("store.find", id));
  answer<Result<Invocation>>(std::move(done), found->record);
}

void MemoryStore::list(ListQuery query, Done<Result<std::vector<Invocation>>> done) {
  using Answer = Result<std::vector<Invocation>>;
  auto at = by_sequence_.end();
  if (query.before) {
    const Entry* before = entry(*query.before);
    if (!before) return answer<Answer>(std::move(done), no_invocation("store.list", *query.before));
    at = by_sequence_.find(before->sequence);
  }
  std::vector<Invocation> found;
  while (at != by_sequence_.begin() && found.size() < query.limit) {
    const Invocation& record = entries_.at((--at)->second).record;
    const bool wanted = record.submission->ns == query.ns &&
                        (!query.action || record.submission->action == *query.action) &&
                        (!query.state || record.progress.state == *query.state);
    if (wanted) found.push_back(outline_of(record));
  }
  answer<Answer>(std::move(done), std::move(found));
}

void MemoryStore::count(std::string ns, Done<Result<Counts>> done) {
  Counts counts;
  for (const auto& [key, id] : unfinished_) {
    const Invocation& record = entries_.at(id).record;
    if (record.submission->ns != ns) continue;
    if (record.progress.state == State::kScheduled) ++counts.scheduled;
    if (record.progress.state == State::kRunning) ++counts.running;
    if (record.progress.state == State::kQueued) {
      ++counts.queued;
      if (!counts.oldest_due) counts.oldest_due = record.progress.due_at;
    }
  }
  answer<Result<Counts>>(std::move(done), counts);
}

void MemoryStore::expire(size_t limit, Done<Result<size_t>> done) {
  const WallTime now = clock_.wall();
  size_t removed = 0;
  // In the order of their ends, and so of their expiry.
  while (removed < limit && !finished_.empty()) {
    const Entry* oldest = entry(finished_.front());
    if (oldest) {
      if (oldest->record.progress.expires_at.value() > now) break;
      ++removed;
    }
    forget_oldest_finished();
  }
  if (removed < limit) {
    std::unordered_set<Sha256> in_use;
    for (const auto& [key, id] : unfinished_)
      in_use.insert(entries_.at(id).record.submission->code_hash);
    actions_.collect(in_use, now, options_.store.code_grace);
  }
  answer<Result<size_t>>(std::move(done), removed);
}

// ── actions ──

void MemoryStore::put_action(PutMode mode, Action action, CodeRecord code,
                             Done<Result<Action>> done) {
  answer(std::move(done), actions_.put(mode, std::move(action), std::move(code), clock_.wall()));
}

void MemoryStore::find_action(std::string ns, std::string name, Done<Result<Action>> done) {
  answer(std::move(done), actions_.find(ns, name));
}

void MemoryStore::list_actions(std::string ns, Done<Result<std::vector<Action>>> done) {
  answer<Result<std::vector<Action>>>(std::move(done), actions_.list(ns));
}

void MemoryStore::capped_actions(Done<Result<std::vector<Action>>> done) {
  answer<Result<std::vector<Action>>>(std::move(done), actions_.capped());
}

void MemoryStore::delete_action(std::string ns, std::string name, Done<Status> done) {
  answer(std::move(done), actions_.remove(ns, name, clock_.wall()));
}

void MemoryStore::find_code(Sha256 hash, Done<Result<CodePtr>> done) {
  answer(std::move(done), actions_.code(hash));
}

void MemoryStore::put_bytecode(Sha256 hash, std::string bytecode, std::string lua_tag,
                               Done<Status> done) {
  answer(std::move(done), actions_.put_bytecode(hash, std::move(bytecode), std::move(lua_tag)));
}

void MemoryStore::flush(Done<Status> done) {
  answer<Status>(std::move(done), Ok{});
}

Status MemoryStore::ready() const {
  if (unfinished_.size() < options_.max_unfinished) return Ok{};
  return Error{Code::kFull, "store", "as many invocations wait as memory may hold"};
}

}  // namespace sluice
