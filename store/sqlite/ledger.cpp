#include "store/sqlite/ledger.h"

#include <algorithm>

namespace sluice::sqlite {
namespace {

// What is due later than this is not worth the memory until then.
constexpr std::chrono::minutes kSoon{1};

size_t bytes_of(const Entry& entry) {
  return entry.record.submission->payload.size();
}

}  // namespace

Entry* Ledger::find(const Uuid& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.get();
}

Entry* Ledger::find_by_ikey(const Sha256& ikey) const {
  const auto found = by_ikey_.find(ikey);
  return found == by_ikey_.end() ? nullptr : found->second;
}

bool Ledger::has_room_for(const Submission& submission) const {
  return unwritten_ < bounds_.max_unwritten &&
         unwritten_bytes_ + submission.payload.size() <= bounds_.max_unwritten_bytes;
}

Entry& Ledger::add_new(Invocation record, int64_t seq) {
  Entry& entry = add_stored(std::move(record), seq);
  entry.in_file = false;
  entry.unconfirmed = entry.record.submission->ikey.has_value();
  ++unwritten_;
  unwritten_bytes_ += bytes_of(entry);
  return entry;
}

Entry& Ledger::add_stored(Invocation record, int64_t seq) {
  auto made = std::make_unique<Entry>();
  Entry& entry = *made;
  entry.record = std::move(record);
  entry.seq = seq;
  entry.in_file = true;
  const Submission& what = *entry.record.submission;
  if (what.ikey) by_ikey_.emplace(*what.ikey, &entry);
  entries_.emplace(what.id, std::move(made));
  return entry;
}

void Ledger::erase(Entry& entry) {
  end_idleness(entry);
  if (!entry.in_file) {
    --unwritten_;
    unwritten_bytes_ -= bytes_of(entry);
  }
  if (entry.changed) {
    urgent_ -= entry.urgent;
    std::erase(changed_, &entry);
  }
  const Submission& what = *entry.record.submission;
  if (what.ikey && find_by_ikey(*what.ikey) == &entry) by_ikey_.erase(*what.ikey);
  const Uuid id = what.id;
  entries_.erase(id);
}

void Ledger::mark(Entry& entry, Urgency urgency, MonoTime now) {
  end_idleness(entry);
  if (!entry.changed) {
    entry.changed = true;
    entry.changed_since = now;
    changed_.push_back(&entry);
  }
  const bool ended = is_finished(entry.record.progress.state);
  if (urgency == Urgency::kNow || (entry.wanted && ended)) hurry(entry);
}

void Ledger::want(Entry& entry) {
  entry.wanted = true;
  if (!entry.in_file || is_finished(entry.record.progress.state)) hurry(entry);
}

void Ledger::hurry(Entry& entry) {
  if (!entry.changed || entry.urgent) return;
  entry.urgent = true;
  ++urgent_;
}

MonoTime Ledger::oldest_change() const {
  // Near enough in front: what failed to be written is as old as can be, and stands there.
  return changed_.front()->changed_since;
}

std::vector<Entry*> Ledger::take(bool all, MonoTime now) {
  std::vector<Entry*> taken;
  taken.reserve(changed_.size());
  size_t kept = 0;
  for (Entry* entry : changed_) {
    const bool joins = all || entry->urgent || is_finished(entry->record.progress.state) ||
                       entry->changed_since + bounds_.linger <= now;
    if (!joins) {
      changed_[kept++] = entry;
      continue;
    }
    entry->changed = false;
    entry->urgent = false;
    entry->committing = true;
    entry->this_commit = std::move(entry->next_commit);
    entry->next_commit.clear();
    taken.push_back(entry);
  }
  changed_.resize(kept);
  urgent_ = 0;
  return taken;
}

void Ledger::written(Entry& entry) {
  entry.committing = false;
  entry.unconfirmed = false;
  if (entry.in_file) return;
  entry.in_file = true;
  --unwritten_;
  unwritten_bytes_ -= bytes_of(entry);
}

void Ledger::not_written(Entry& entry) {
  entry.committing = false;
  std::move(entry.next_commit.begin(), entry.next_commit.end(),
            std::back_inserter(entry.this_commit));
  entry.next_commit = std::move(entry.this_commit);
  entry.this_commit.clear();
  if (!entry.changed) {
    entry.changed = true;
    changed_.push_back(&entry);
  }
  entry.changed_since = MonoTime{};  // lingers no longer: joins the next commit there is
}

void Ledger::settle(Entry& entry, WallTime now) {
  if (entry.changed || entry.committing || !entry.parked.empty()) return;
  const Progress& progress = entry.record.progress;
  if (progress.state == State::kRunning || entry.idle) return;
  const bool fits =
      idle_ < bounds_.max_idle && idle_bytes_ + bytes_of(entry) <= bounds_.max_idle_bytes;
  if (is_finished(progress.state) || progress.due_at > now + kSoon || !fits) return erase(entry);
  entry.idle = true;
  ++idle_;
  idle_bytes_ += bytes_of(entry);
}

void Ledger::end_idleness(Entry& entry) {
  if (!entry.idle) return;
  entry.idle = false;
  --idle_;
  idle_bytes_ -= bytes_of(entry);
}

}  // namespace sluice::sqlite
