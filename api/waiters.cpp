#include "api/waiters.h"

#include <algorithm>
#include <utility>

namespace sluice::api {

Waiters::Waiters(Store& store, const Clock& clock, size_t max_waiting, std::function<void()> arm)
    : store_(store), clock_(clock), max_waiting_(max_waiting), arm_(std::move(arm)) {}

Result<Waiters::Ticket> Waiters::add(const Uuid& id, Phase phase, Millis wait, Continue then) {
  if (waiting_.size() >= max_waiting_)
    return Error{Code::kFull, "waiters", "too many requests wait for results already"};
  const MonoTime now = clock_.mono();
  waiting_.emplace(id, Waiter{++last_, phase, now + wait, now, std::move(then)});
  if (!std::exchange(ticking_, true) && arm_) arm_();
  return last_;
}

void Waiters::remove(const Uuid& id, Ticket ticket) {
  auto [at, end] = waiting_.equal_range(id);
  for (; at != end; ++at) {
    if (at->second.ticket != ticket) continue;
    waiting_.erase(at);
    return;
  }
}

// Whoever is woken may add and remove waiters: they are taken out first and woken last.
void Waiters::hear(std::span<const Announcement> news) {
  if (waiting_.empty()) return;
  std::vector<std::pair<Continue, const Announcement*>> woken;
  std::vector<Uuid> hurried;
  woken.reserve(news.size());
  for (const Announcement& word : news) {
    auto [at, end] = waiting_.equal_range(word.id);
    bool hurry = false;
    while (at != end) {
      if (word.phase == Phase::kResult && at->second.phase == Phase::kDurable) {
        hurry = true;
        ++at;
        continue;
      }
      woken.emplace_back(std::move(at->second.then), &word);
      at = waiting_.erase(at);
    }
    if (hurry) hurried.push_back(word.id);
  }
  if (!hurried.empty()) store_.hurry(std::move(hurried));
  for (auto& [then, word] : woken) then(Word{Word::Kind::kEnded, word->report});
}

bool Waiters::tick() {
  const MonoTime now = clock_.mono();
  std::vector<Continue> over;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->second.deadline > now) {
      ++at;
    } else {
      over.push_back(std::move(at->second.then));
      at = waiting_.erase(at);
    }
  }
  for (Continue& then : over) then(Word{});
  ticking_ = !waiting_.empty();
  return ticking_;
}

std::vector<Uuid> Waiters::overlooked(Millis quiet, size_t max) {
  const MonoTime now = clock_.mono();
  std::vector<std::pair<const Uuid*, Waiter*>> quiet_ones;
  for (auto& [id, waiter] : waiting_) {
    if (waiter.asked_at + quiet <= now) quiet_ones.emplace_back(&id, &waiter);
  }
  const size_t count = std::min(max, quiet_ones.size());
  std::partial_sort(
      quiet_ones.begin(), quiet_ones.begin() + count, quiet_ones.end(),
      [](const auto& a, const auto& b) { return a.second->asked_at < b.second->asked_at; });
  std::vector<Uuid> ids;
  for (size_t i = 0; i < count; ++i) {
    quiet_ones[i].second->asked_at = now;
    ids.push_back(*quiet_ones[i].first);
  }
  return ids;
}

void Waiters::give_up() {
  auto all = std::exchange(waiting_, {});
  for (auto& [id, waiter] : all) waiter.then(Word{});
}

}  // namespace sluice::api
