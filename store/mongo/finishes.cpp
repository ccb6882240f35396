// FinishBatch: how deliveries end. What each means for its record is decided by the rules that all
// stores share (lifecycle.h), on the record as it was when it was claimed; the write holds only if
// the claim still stands.
#include <utility>

#include "store/lifecycle.h"
#include "store/mongo/batches.h"

namespace sluice::mongo {
namespace {

bool goes_on(Finish::Next next) {
  return next == Finish::Next::kRetry || next == Finish::Next::kReturn;
}

}  // namespace

FinishBatch::FinishBatch(std::vector<Finish> items, Rules rules, Held& held)
    : results(items.size()), rules_(rules), held_(held) {
  items_.resize(items.size());
  std::unordered_map<Uuid, std::shared_ptr<Invocation>> records;
  for (size_t i = 0; i < items.size(); ++i) {
    items_[i].finish = std::move(items[i]);
    const Finish& finish = items_[i].finish;
    if (const auto known = records.find(finish.id); known != records.end()) {
      items_[i].record = known->second;
    } else if (const Invocation* record = held_.find(finish.id, finish.token)) {
      items_[i].record = records[finish.id] = std::make_shared<Invocation>(*record);
    }
  }
}

Status FinishBatch::write(Session& session) {
  for (;;) {
    if (Status read = read_unread(session); !read.ok()) return read;
    bool any = false;
    for (size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].step == Step::kUnread) apply(i);
      any = any || items_[i].step == Step::kReady;
    }
    if (!any) return {};
    if (Status sent = send(session); !sent.ok()) return sent;
  }
}

Status FinishBatch::read_unread(Session& session) {
  std::vector<Uuid> ids;
  for (const Item& item : items_) {
    if (item.step == Step::kUnread && !item.record) ids.push_back(item.finish.id);
  }
  if (ids.empty()) return {};
  constexpr Part kNeeded[] = {Part::kLogs};
  auto stored = read_records(session, ids, kNeeded);
  if (!stored.ok()) return stored.error();
  std::unordered_map<Uuid, std::shared_ptr<Invocation>> records;
  for (auto& [id, one] : *stored) records[id] = std::make_shared<Invocation>(std::move(one.record));
  for (size_t i = 0; i < items_.size(); ++i) {
    Item& item = items_[i];
    if (item.step != Step::kUnread || item.record) continue;
    if (const auto found = records.find(item.finish.id); found != records.end())
      item.record = found->second;
    else
      settle(i, no_invocation("store.finish", item.finish.id));
  }
  return {};
}

void FinishBatch::apply(size_t index) {
  Item& item = items_[index];
  const lifecycle::Change change =
      lifecycle::finish(*item.record, item.finish, rules_.time.now(), rules_.options);
  if (!change.status.ok()) return settle(index, change.status);
  const bool ended_as_cancelled = item.record->progress.outcome == Outcome::kCancelled;
  item.with_report = item.finish.report != nullptr || ended_as_cancelled;
  item.step = Step::kReady;
}

void FinishBatch::settle(size_t index, Status status) {
  Item& item = items_[index];
  item.step = Step::kSettled;
  // A wrong call says nothing about the claim: its holder may still finish it.
  const bool over = status.ok() || status.error().code != Code::kInvalid;
  if (over && held_.find(item.finish.id, item.finish.token)) held_.drop(item.finish.id);
  results[index] = std::move(status);
}

Status FinishBatch::send(Session& session) {
  std::vector<size_t> sent;
  std::vector<UpdateStatement> statements, expiries;
  for (size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (item.step != Step::kReady) continue;
    const Invocation& record = *item.record;
    const auto& expires_at = record.progress.expires_at;
    if (item.with_report) {
      const Status written =
          write_bodies(session, bodies_of(item.finish.id, *record.report), expires_at);
      if (!written.ok()) return written;
    }
    if (expires_at && record.submission->payload.size() > kInline) {
      UpdateStatement expiry;
      expiry.query.bytes("_id", body_key(item.finish.id, Part::kPayload));
      expiry.update.document("$set", Bson().time("expires_at", *expires_at));
      expiries.push_back(std::move(expiry));
    }

    UpdateStatement statement;
    statement.query.uuid("_id", item.finish.id).uuid("claim.token", item.finish.token);
    if (goes_on(item.finish.next) && !record.progress.cancel_requested)
      statement.query.document("cancel_requested", Bson().flag("$ne", true));
    Changes changes = changes_of(record, item.with_report);
    changes.set.uuid("ended_by", item.finish.token);
    statement.update = changes.update();
    statements.push_back(std::move(statement));
    sent.push_back(i);
  }
  const auto written = session.update(kInvocations, statements);
  if (!written.ok()) return written.error();
  if (!expiries.empty()) {
    if (const auto noted = session.update(kBodies, expiries); !noted.ok()) return noted.error();
  }
  // What the database will not have however often it is asked. Its lease will be over.
  for (const Written::Failure& failure : written->failures)
    settle(sent.at(failure.index), Error{Code::kInternal, "store.finish", failure.message});
  std::erase_if(sent, [this](size_t i) { return items_[i].step == Step::kSettled; });
  if (written->matched == static_cast<int64_t>(sent.size())) {
    for (const size_t i : sent) settle(i, {});
    return {};
  }
  return look_again(session, sent);
}

// Not all of them matched: for each, whether it was this finish that was written (an answer may
// have been lost), or the claim has passed to another, or it was to be cancelled in the meantime.
Status FinishBatch::look_again(Session& session, const std::vector<size_t>& sent) {
  std::vector<Uuid> ids;
  for (const size_t i : sent) ids.push_back(items_[i].finish.id);
  constexpr Part kNeeded[] = {Part::kLogs};
  auto stored = read_records(session, ids, kNeeded);
  if (!stored.ok()) return stored.error();
  for (const size_t i : sent) {
    Item& item = items_[i];
    const auto found = stored->find(item.finish.id);
    if (found == stored->end()) {
      settle(i, no_invocation("store.finish", item.finish.id));
      continue;
    }
    if (found->second.ended_by == item.finish.token) {
      settle(i, {});
      continue;
    }
    item.record = std::make_shared<Invocation>(found->second.record);
    item.step = Step::kUnread;  // by the rules, once more
  }
  return {};
}

// ── cancelling ──

CancelBatch::CancelBatch(std::vector<Uuid> ids, Rules rules)
    : results(ids.size()), ids_(std::move(ids)), rules_(rules) {}

// Reads, applies the rules, and writes only where the record still stands as it was read; else
// again.
Status CancelBatch::write(Session& session) {
  std::vector<size_t> open(ids_.size());
  for (size_t i = 0; i < open.size(); ++i) open[i] = i;
  while (!open.empty()) {
    std::vector<Uuid> ids;
    for (const size_t i : open) ids.push_back(ids_[i]);
    constexpr Part kNeeded[] = {Part::kLogs};
    auto stored = read_records(session, ids, kNeeded);
    if (!stored.ok()) return stored.error();

    std::vector<size_t> sent;
    for (const size_t i : open) {
      const auto found = stored->find(ids_[i]);
      if (found == stored->end()) {
        results[i] = no_invocation("store.cancel", ids_[i]);
        continue;
      }
      Invocation& record = found->second.record;
      UpdateStatement statement;
      statement.query.uuid("_id", ids_[i])
          .text("state", to_string(record.progress.state))
          .number("deliveries", record.progress.deliveries);
      const lifecycle::Change change = lifecycle::cancel(record, rules_.time.now(), rules_.options);
      results[i] = change.status;
      if (!change.changed) continue;
      // What runs is only marked: its runner writes the rest.
      if (is_finished(record.progress.state))
        statement.update = changes_of(record, true).update();
      else
        statement.update.document("$set", Bson().flag("cancel_requested", true));
      std::vector<UpdateStatement> statements;
      statements.push_back(std::move(statement));
      const auto written = session.update(kInvocations, statements);
      if (!written.ok()) return written.error();
      if (written->matched == 0) sent.push_back(i);
    }
    open = std::move(sent);
  }
  return {};
}

}  // namespace sluice::mongo
