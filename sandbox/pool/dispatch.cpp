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

// A job that has waited for so long while others' jobs hold all workers is given a helper.
constexpr std::chrono::milliseconds kStarving{50};

bool stalled(const Worker& worker, MonoTime now) {
  return worker.busy() && now - worker.last_progress() > kStallTime;
}

bool serves(const Worker& worker, const Job& job) {
  return worker.ns() == nullptr || *worker.ns() == job.ns;
}

}  // namespace

void ProcessPool::dispatch() {
  if (stopping_ || waiting_.empty()) return;
  const MonoTime now = clock_.mono();
  // Until every action with jobs has found none in a row.
  for (size_t passed = 0; !waiting_.empty() && passed < waiting_.lines();) {
    Worker* const worker = choose(waiting_.front(), now);
    if (worker == nullptr) {
      waiting_.pass();
      ++passed;
      continue;
    }
    passed = 0;
    TicketPtr ticket = waiting_.take();
    if (ticket->job.alone) cleared_for_alone_ = nullptr;
    worker->offer(std::move(ticket), now);
    ++offered_;
  }
  bool replaced = false;
  waiting_.for_each_front(
      [&](const Ticket& ticket) { replaced = replaced || replace_for_namespace(ticket, now); });
}

Worker* ProcessPool::choose(const Ticket& ticket, MonoTime now) {
  enum Rank { kAwake, kIdle, kFresh, kBacklog, kNone };
  Worker* best = nullptr;
  Rank best_rank = kNone;
  Worker* to_clear = nullptr;
  for (const auto& owned : crew_.at_work()) {
    Worker& worker = *owned;
    if (!worker.ready() || worker.reserved() || !serves(worker, ticket.job)) continue;
    // A helper is for those who have no place among the others.
    if (crew_.is_helper(worker) && !nobody_holds(ticket.job, &worker)) continue;
    Rank rank = kNone;
    if (ticket.job.alone ? worker.idle() : !worker.busy()) {
      if (worker.full() || (&worker == cleared_for_alone_ && !ticket.job.alone)) continue;
      rank = worker.ns() != nullptr ? kIdle : kFresh;
    } else if (ticket.job.alone) {
      if (to_clear == nullptr || worker.outstanding() < to_clear->outstanding()) to_clear = &worker;
      continue;
    } else if (worker.full() || &worker == cleared_for_alone_ || stalled(worker, now)) {
      continue;
    } else {
      rank = now - worker.pressing_since() <= kStallTime ? kAwake : kBacklog;
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

bool ProcessPool::nobody_holds(const Job& job, const Worker* but) const {
  const auto& workers = crew_.at_work();
  return std::none_of(workers.begin(), workers.end(), [&](const auto& worker) {
    // One that is kept for a job that must be alone is no place for others of its action.
    return worker.get() != but && !worker->reserved() && worker->holds(job);
  });
}

// One job at a time: the next looks again a tick later.
void ProcessPool::help_starving(MonoTime now) {
  const auto& workers = crew_.at_work();
  const bool all_held = std::all_of(workers.begin(), workers.end(), [&](const auto& worker) {
    const bool is_kept = worker->reserved() || worker.get() == cleared_for_alone_;
    const bool is_taken = (is_kept && !worker->idle()) || worker->out_of_slots();
    return worker->ready() && (is_taken || stalled(*worker, now));
  });
  if (!all_held) return;  // somebody will get to it
  bool starving = false;
  waiting_.for_each_front([&](const Ticket& ticket) {
    starving = starving || (now - ticket.given_at > kStarving && nobody_holds(ticket.job));
  });
  if (starving && crew_.reinforce()) schedule();
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
// could have it. What another action's job has kept from beginning is taken back in any case: it
// is starving, and a helper can have it.
void ProcessPool::relieve_stalled(MonoTime now) {
  for (const auto& worker : crew_.at_work()) {
    if (!worker->ready() || !worker->busy()) continue;
    if (worker->pressing() < 2 && now - worker->last_progress() <= kAsleepTime) continue;
    if (now - worker->pressing_since() <= kStallTime) continue;
    const bool in_the_way = stalled(*worker, now) &&
                            (keeps_others_waiting(*worker) || worker->keeps_back(now - kStarving));
    if (!in_the_way && !could_take_more(*worker, now)) continue;
    // A worker that gets on, though slowly, keeps half.
    const size_t most = stalled(*worker, now) ? worker->pressing() : worker->pressing() / 2;
    std::vector<TicketPtr> back = worker->revoke(most, now - kStallTime);
    offered_ -= back.size();
    for (auto ticket = back.rbegin(); ticket != back.rend(); ++ticket)
      waiting_.push_front(std::move(*ticket));
    if (!back.empty()) schedule();
  }
}

// Whether jobs of an action that it does not hold wait: what it has not begun lines up with them.
bool ProcessPool::keeps_others_waiting(const Worker& worker) const {
  bool others = false;
  waiting_.for_each_front(
      [&](const Ticket& ticket) { others = others || !worker.holds(ticket.job); });
  return others;
}

bool ProcessPool::could_take_more(const Worker& from, MonoTime now) const {
  const auto& workers = crew_.at_work();
  return std::any_of(workers.begin(), workers.end(), [&](const auto& owned) {
    const Worker& other = *owned;
    if (&other == &from || !other.ready() || other.full() || other.reserved() ||
        &other == cleared_for_alone_)
      return false;
    if (other.ns() != nullptr && *other.ns() != *from.ns()) return false;
    return !other.busy() || (stalled(from, now) && !stalled(other, now));
  });
}

}  // namespace sluice::sandbox
