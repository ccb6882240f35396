// ProcessPool: who gets which job.
//
// Waking a process costs more than running a small job, so a worker that is awake is filled before
// another is woken; unless what it has is older than kStallTime: then it is slow, and company
// helps.
#include <algorithm>

#include "sandbox/pool/process_pool.h"

namespace sluice::sandbox {
namespace {

constexpr std::chrono::milliseconds kStallTime{2};

// One that has taken no job for so long may not wake at all; even a busy machine wakes it sooner.
constexpr std::chrono::milliseconds kAsleepTime{100};

// Jobs that look for a worker in one turn, when those before them find none.
constexpr size_t kMaxLooks = 256;

bool stalled(const Worker& worker, MonoTime now) {
  return !worker.idle() && now - worker.last_progress() > kStallTime;
}

bool serves(const Worker& worker, const Job& job) {
  return worker.ns() == nullptr || *worker.ns() == job.ns;
}

}  // namespace

void ProcessPool::dispatch() {
  if (stopping_ || waiting_.empty()) return;
  const MonoTime now = clock_.mono();
  std::vector<TicketPtr> without_worker;
  while (!waiting_.empty() && without_worker.size() < kMaxLooks) {
    TicketPtr ticket = std::move(waiting_.front());
    waiting_.pop_front();
    Worker* const worker = choose(*ticket, now);
    if (worker == nullptr) {
      without_worker.push_back(std::move(ticket));
      continue;
    }
    if (ticket->job.alone) cleared_for_alone_ = nullptr;
    worker->offer(std::move(ticket), now);
    ++offered_;
  }
  if (!without_worker.empty()) replace_for_namespace(*without_worker.front(), now);
  waiting_.insert(waiting_.begin(), std::make_move_iterator(without_worker.begin()),
                  std::make_move_iterator(without_worker.end()));
  for (const auto& worker : crew_.at_work()) worker->flush();
}

Worker* ProcessPool::choose(const Ticket& ticket, MonoTime now) {
  enum Rank { kAwake, kIdle, kFresh, kBacklog, kNone };
  Worker* best = nullptr;
  Rank best_rank = kNone;
  Worker* to_clear = nullptr;
  for (const auto& owned : crew_.at_work()) {
    Worker& worker = *owned;
    if (!worker.ready() || worker.reserved() || !serves(worker, ticket.job)) continue;
    Rank rank = kNone;
    if (worker.idle()) {
      if (&worker == cleared_for_alone_ && !ticket.job.alone) continue;
      rank = worker.ns() != nullptr ? kIdle : kFresh;
    } else if (ticket.job.alone) {
      if (to_clear == nullptr || worker.outstanding() < to_clear->outstanding()) to_clear = &worker;
      continue;
    } else if (worker.full() || &worker == cleared_for_alone_ || stalled(worker, now)) {
      continue;
    } else {
      rank = now - worker.oldest_offer_at() <= kStallTime ? kAwake : kBacklog;
    }
    if (rank < best_rank) {
      best = &worker;
      best_rank = rank;
    }
  }
  if (best == nullptr && ticket.job.alone && cleared_for_alone_ == nullptr)
    cleared_for_alone_ = to_clear;
  return best;
}

// A worker serves one namespace for life. When a job finds none and an idle one serves another,
// that one makes way.
bool ProcessPool::replace_for_namespace(const Ticket& ticket, MonoTime now) {
  Worker* idle_elsewhere = nullptr;
  for (const auto& worker : crew_.at_work()) {
    if (!worker->ready()) return false;  // one that is starting will do
    if (worker->idle() && !serves(*worker, ticket.job)) idle_elsewhere = worker.get();
  }
  if (idle_elsewhere == nullptr) return false;
  if (idle_elsewhere == cleared_for_alone_) cleared_for_alone_ = nullptr;
  crew_.replace(*idle_elsewhere, now, Worker::Health::kFine, "made way for another namespace");
  schedule();
  return true;
}

// Takes back what waits behind a slow job, or for a worker that does not wake, when somebody else
// could have it.
void ProcessPool::relieve_stalled(MonoTime now) {
  for (const auto& worker : crew_.at_work()) {
    if (!worker->ready() || worker->idle()) continue;
    if (worker->outstanding() < 2 && now - worker->last_progress() <= kAsleepTime) continue;
    if (now - worker->oldest_offer_at() <= kStallTime || !could_take_more(*worker, now)) continue;
    // A worker that gets on, though slowly, keeps half.
    const size_t most = stalled(*worker, now) ? worker->outstanding() : worker->outstanding() / 2;
    std::vector<TicketPtr> back = worker->revoke(most, now - kStallTime);
    offered_ -= back.size();
    waiting_.insert(waiting_.begin(), std::make_move_iterator(back.begin()),
                    std::make_move_iterator(back.end()));
    if (!back.empty()) schedule();
  }
}

bool ProcessPool::could_take_more(const Worker& from, MonoTime now) const {
  const auto& workers = crew_.at_work();
  return std::any_of(workers.begin(), workers.end(), [&](const auto& owned) {
    const Worker& other = *owned;
    if (&other == &from || !other.ready() || other.full() || other.reserved() ||
        &other == cleared_for_alone_)
      return false;
    if (other.ns() != nullptr && *other.ns() != *from.ns()) return false;
    return other.idle() || (stalled(from, now) && !stalled(other, now));
  });
}

}  // namespace sluice::sandbox
