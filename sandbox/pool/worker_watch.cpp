// Worker: how it is doing, and what is left of it when it has gone.
#include <algorithm>

#include "sandbox/pool/worker.h"

namespace sluice::sandbox {
namespace {

// Beyond all limits of what it is doing: then a worker is taken for stuck.
constexpr std::chrono::milliseconds kUnresponsiveAfter{2'000};

// Of the processor: what a worker needs at most to end a job at its limit. And how long it is
// waited for where it does not get that.
constexpr std::chrono::milliseconds kTimeToEnd{5};
constexpr std::chrono::milliseconds kStarvedGrace{100};

// An end that is owed is seen as such so often in a row: the first time may be the very moment at
// which the worker gets to it.
constexpr unsigned kOwesForChecks = 10;

// From SIGKILL to the end of its channel.
constexpr std::chrono::milliseconds kDeathTime{1'000};

}  // namespace

// The offer that the control page names. `implausible`: it names one that does not exist.
Worker::Offer* Worker::running_offer(bool* implausible) {
  const uint64_t name = page_->running.load(std::memory_order_acquire);
  if (name == 0) return nullptr;
  for (const uint16_t slot : order_) {
    Offer& offer = offers_[slot];
    if (wire::ControlPage::offer_name(slot, offer.sequence) == name && offer.ticket != nullptr)
      return &offer;
  }
  *implausible = true;
  return nullptr;
}

Worker::Health Worker::check(MonoTime now) {
  if (order_.empty()) return Health::kFine;
  bool implausible = false;
  Offer* const offer = running_offer(&implausible);
  if (offer != nullptr) {
    if (!offer->seen_running_at) offer->seen_running_at = now;
    MonoTime end = began(*offer) + limit_of(offer->ticket->job);
    // Others kept it from its end: it has the grace from when it was told.
    if (offer->told_to_end == Outcome::kTimedOut) end = std::max(end, offer->told_at);
    if (overstays(*offer, end, now)) {
      overdue_sequence_ = offer->sequence;
      return Health::kOvertime;
    }
  }
  watch_time(now, offer);

  // Whatever job the page names: something must be answered within the longest limit since the last
  // answer. The page may be looked at between two turns, when it names none: what has begun has its
  // limit all the same. A worker that has begun nothing has no limit to wait for.
  const bool runs = offer != nullptr || implausible;
  auto longest = std::chrono::milliseconds(0);
  bool owes = false;  // an end that we have told the others of
  for (const uint16_t slot : order_) {
    const Offer& one = offers_[slot];
    if ((runs || one.begun_by()) && one.ticket != nullptr && !one.waits)
      longest = std::max(longest, limit_of(one.ticket->job));
    if (!runs && one.ticket == nullptr && one.told_to_end)
      owes = owes || now - one.told_at > kUnresponsiveAfter;
  }
  owes_for_checks_ = owes ? owes_for_checks_ + 1 : 0;
  if (owes_for_checks_ > kOwesForChecks) return Health::kUnresponsive;
  const auto patience = kUnresponsiveAfter + kKillGrace + longest;
  return busy() && now - last_progress_ > patience ? Health::kUnresponsive : Health::kFine;
}

// Of one that runs. The page says when it began; we know that it was not before the offer, nor
// after we saw it.
MonoTime Worker::began(const Offer& offer) const {
  if (offer.began_at) return *offer.began_at;
  const MonoTime claimed(
      std::chrono::nanoseconds(page_->running_since_ns.load(std::memory_order_relaxed)));
  return std::clamp(claimed, offer.made_at, offer.seen_running_at.value_or(clock_.mono()));
}

Worker::Spent Worker::spent_by(uint16_t slot, MonoTime until) {
  bool implausible = false;
  const Offer& offer = offers_[slot];
  const bool runs = running_offer(&implausible) == &offer;
  const std::optional<MonoTime> since = runs ? began(offer) : offer.begun_by();
  if (!since) return {};  // it has not begun
  const auto run_time = std::max(Micros(0), std::chrono::floor<Micros>(until - *since));
  const auto read = [](const std::atomic<int64_t>& hint, std::chrono::nanoseconds most) {
    return std::clamp(std::chrono::nanoseconds(hint.load(std::memory_order_relaxed)),
                      std::chrono::nanoseconds(0), most);
  };
  std::chrono::nanoseconds cpu = read(page_->cpu_ns[slot], run_time);
  if (runs) cpu += cpu_in_the_end_ - read(page_->cpu_mark_ns, cpu_in_the_end_);
  return {run_time, std::min(std::chrono::floor<Micros>(cpu), run_time)};
}

// Past its limit and the grace, though it had the processor and could have ended. On a machine that
// has too much to do it may not have had it: then the job has a little longer, and is not taken for
// one that sits in a C function.
bool Worker::overstays(Offer& offer, MonoTime end, MonoTime now) {
  if (now <= end) return false;
  if (!offer.seen_late_at) {
    offer.seen_late_at = now;
    offer.cpu_then = child_.cpu_time().value_or(std::chrono::nanoseconds(0));
  }
  if (now - end <= kKillGrace) return false;
  const auto cpu = child_.cpu_time();
  const bool had_cpu = !cpu || *cpu - offer.cpu_then >= kTimeToEnd;
  return had_cpu || now - *offer.seen_late_at > kStarvedGrace;
}

// A job's limit goes on while it waits for a plugin, or for its turn.
void Worker::watch_time(MonoTime now, const Offer* running) {
  for (const uint16_t slot : order_) {
    const Offer& offer = offers_[slot];
    if (offer.ticket == nullptr || !offer.begun_by() || &offer == running) continue;
    if (now - *offer.begun_by() > limit_of(offer.ticket->job))
      tell_to_end(slot, Outcome::kTimedOut, now);
  }
}

std::vector<Worker::Ended> Worker::take_overdue(MonoTime now) {
  std::vector<Ended> overdue;
  bool implausible = false;
  const Offer* const running = order_.empty() ? nullptr : running_offer(&implausible);
  for (const uint16_t slot : order_) {
    Offer& offer = offers_[slot];
    if (offer.ticket == nullptr || !offer.told_to_end || &offer == running) continue;
    if (now - offer.told_at <= kKillGrace) continue;
    uncount_payload(offer);
    const Spent spent = spent_by(slot, offer.told_at);
    overdue.push_back({std::move(offer.ticket), *offer.told_to_end, spent});
  }
  return overdue;
}

void Worker::kill(MonoTime now, Health cause, std::string why) {
  if (state_ == State::kDying || state_ == State::kGone) return;
  state_ = State::kDying;
  killed_at_ = now;
  cause_ = cause;
  how_ = std::move(why);
  child_.kill();
}

bool Worker::overdue_to_die(MonoTime now) const {
  return state_ == State::kDying && now - killed_at_ > kDeathTime;
}

void Worker::give_up_waiting() {
  gone();
}

void Worker::gone() {
  if (state_ == State::kGone) return;
  state_ = State::kGone;
  channel_.close();
  cpu_in_the_end_ = child_.cpu_time().value_or(std::chrono::nanoseconds(0));
  const std::string ended = child_.reap();
  if (how_.empty()) how_ = ended;
  events_.worker_gone(*this);
}

Worker::Offer* Worker::to_blame() {
  if (cause_ == Health::kOvertime) {
    for (const uint16_t slot : order_)
      if (offers_[slot].sequence == overdue_sequence_) return &offers_[slot];
    return nullptr;  // its result came while it was being killed
  }
  bool implausible = false;
  if (Offer* running = running_offer(&implausible)) return running;
  if (!implausible) return nullptr;
  for (const uint16_t slot : order_)
    if (offers_[slot].ticket != nullptr && !offers_[slot].waits) return &offers_[slot];
  return nullptr;
}

Worker::Remains Worker::remains() {
  Remains remains;
  remains.cause = cause_;
  remains.how = how_;
  for (const uint16_t slot : order_) hang_up(offers_[slot]);
  const Offer* const blamed = to_blame();
  const MonoTime end = was_killed() ? killed_at_ : clock_.mono();
  for (const uint16_t slot : order_) {
    Offer& offer = offers_[slot];
    if (offer.ticket == nullptr) continue;
    if (&offer == blamed) {
      remains.spent = spent_by(slot, end);
      remains.charged = std::move(offer.ticket);
    } else if (offer.told_to_end) {
      const Spent spent = spent_by(slot, offer.told_at);
      remains.ended.push_back({std::move(offer.ticket), *offer.told_to_end, spent});
    } else {
      remains.others.push_back(std::move(offer.ticket));
    }
  }
  order_.clear();
  return remains;
}

}  // namespace sluice::sandbox
