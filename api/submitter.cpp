#include "api/submitter.h"

#include <utility>

namespace sluice::api {
namespace {

constexpr size_t kMaxActionLabels = 200;  // further actions are counted as "other"

Entry entry_of(const Submission& submission) {
  return {submission.id, {submission.ns, submission.queue, submission.action, submission.priority}};
}

}  // namespace

Submitter::Submitter(Executor& executor, Store& store, Queue& queue, Log& log, Metrics& metrics,
                     bool dispatch_early)
    : executor_(executor),
      store_(store),
      queue_(queue),
      log_(log),
      metrics_(metrics),
      dispatch_early_(dispatch_early),
      not_recorded_(metrics.counter("sluice_not_recorded_total",
                                    "Invocations that the store could not record")) {}

bool Submitter::goes_early(const Submission& submission) const {
  return dispatch_early_ && !submission.ikey && submission.due_at <= submission.created_at;
}

void Submitter::submit(SubmissionPtr submission, Urgency urgency, Then then) {
  if (!std::exchange(flushing_, true)) executor_.at_turn_end(alive_.guard([this] { flush(); }));
  Batch& batch = urgency == Urgency::kNow ? now_ : lingering_;
  batch.items.push_back(std::move(submission));
  batch.thens.push_back(std::move(then));
  ++pending_;
}

// First the store, which from then on can be asked to claim them; then the queue.
void Submitter::flush() {
  flushing_ = false;
  std::vector<Entry> entries;
  hand_over(std::exchange(now_, {}), Urgency::kNow, entries);
  hand_over(std::exchange(lingering_, {}), Urgency::kLinger, entries);
  if (!entries.empty()) queue_.push(std::move(entries), nullptr);
}

void Submitter::hand_over(Batch batch, Urgency urgency, std::vector<Entry>& entries) {
  if (batch.items.empty()) return;
  for (const SubmissionPtr& item : batch.items) {
    if (!goes_early(*item)) continue;
    entries.push_back(entry_of(*item));
    count(item->action);
  }
  std::vector<SubmissionPtr> items = batch.items;
  store_.insert(
      std::move(items), urgency,
      alive_.guard([this, batch = std::move(batch)](const std::vector<Inserted>& results) mutable {
        on_inserted(batch, results);
      }));
}

void Submitter::on_inserted(Batch& batch, const std::vector<Inserted>& results) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < results.size(); ++i) {
    const Submission& item = *batch.items[i];
    if (!results[i].status.ok()) {
      not_recorded_.add();
      log_.warn("Invocation {} of '{}' was not recorded: {}", item.id.text(), item.action,
                results[i].status.error().text());
    } else if (!results[i].deduplicated && !goes_early(item)) {
      if (item.due_at <= item.created_at) entries.push_back(entry_of(item));
      count(item.action);
    }
  }
  pending_ -= batch.items.size();
  // kFull is no loss: the sweeper brings again what the store holds.
  if (!entries.empty()) queue_.push(std::move(entries), nullptr);
  for (size_t i = 0; i < results.size(); ++i) batch.thens[i](results[i]);
}

void Submitter::count(const std::string& action) {
  auto known = accepted_.find(action);
  if (known == accepted_.end()) {
    const std::string label = accepted_.size() < kMaxActionLabels ? action : "other";
    known = accepted_.find(label);
    if (known == accepted_.end()) {
      Counter& counter = metrics_.counter("sluice_accepted_total", "Invocations accepted to run",
                                          {{"action", label}});
      known = accepted_.emplace(label, &counter).first;
    }
  }
  known->second->add();
}

}  // namespace sluice::api
