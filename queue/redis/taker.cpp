#include "queue/redis/taker.h"

#include <algorithm>
#include <utility>

#include "base/thread_name.h"
#include "queue/redis/steps.h"

namespace sluice::redis {
namespace {

constexpr Millis kSleep{1'000};     // then it looks again, though nobody woke it
constexpr size_t kMaxTake = 1'000;  // ids of one script call

}  // namespace

Taker::Taker(ConnectionOptions options, const Scripts& scripts, const Keys& keys,
             std::string process, Millis alive, Log& log, Metrics& metrics)
    : connection_(std::move(options), scripts, metrics),
      scripts_(scripts),
      keys_(keys),
      process_(std::move(process)),
      alive_(alive),
      log_(log) {}

Taker::~Taker() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  connection_.interrupt();
  if (thread_.joinable()) thread_.join();
}

// ── from other threads ──

void Taker::pop(const std::string& runner, size_t max, PopDone done) {
  const Lock lock(mutex_);
  pops_.push_back({runner, std::min(max, kMaxTake), std::move(done)});
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_all();
}

void Taker::stop(const std::string& runner) {
  Lock lock(mutex_);
  const auto pop = std::find_if(pops_.begin(), pops_.end(),
                                [&](const Pop& waiting) { return waiting.runner == runner; });
  if (pop == pops_.end()) return;
  if (taking_ && pop == pops_.begin()) {
    pop->stopped = true;  // what it got, it gets
    return;
  }
  const PopDone done = std::move(pop->done);
  pops_.erase(pop);
  lock.unlock();
  done(std::vector<Uuid>{});
}

bool Taker::waits(const std::string& runner) const {
  const Lock lock(mutex_);
  return std::any_of(pops_.begin(), pops_.end(),
                     [&](const Pop& pop) { return pop.runner == runner && !pop.stopped; });
}

bool Taker::asleep() const {
  const Lock lock(mutex_);
  return asleep_;
}

void Taker::forget(const std::string& runner, const std::vector<Uuid>& ids) {
  const Lock lock(mutex_);
  const auto held = held_.find(runner);
  if (held == held_.end()) return;
  for (const Uuid& id : ids) held->second.erase(id);
}

void Taker::forget(const std::string& runner) {
  const Lock lock(mutex_);
  held_.erase(runner);
  found_.erase(runner);
}

// ── its own thread ──

void Taker::run() {
  name_this_thread("redis-take");
  Lock lock(mutex_);
  while (!stopping_) {
    if (pops_.empty()) {
      changed_.wait(lock, [this] { return stopping_ || !pops_.empty(); });
      continue;
    }
    if (!connection_.connected() && !connect(lock)) continue;
    // Each runner that waits is asked for once; those that got nothing are at the end again.
    bool any = false;
    for (size_t left = pops_.size(); left > 0 && !pops_.empty() && connection_.connected(); --left)
      any = take(lock) || any;
    if (!any && !pops_.empty() && connection_.connected() && !stopping_) sleep(lock);
  }
}

bool Taker::connect(Lock& lock) {
  lock.unlock();
  const Status connected = connection_.connect();
  lock.lock();
  if (connected.ok()) {
    backoff_.reset();
    recover(lock);
    return connection_.connected();
  }
  changed_.wait_for(lock, backoff_.next(), [this] { return stopping_; });
  return false;
}

// Asks for the pop at the front. True when it got something.
bool Taker::take(Lock& lock) {
  const std::string runner = pops_.front().runner;
  if (const auto found = found_.find(runner); found != found_.end()) {
    std::vector<Uuid> ids = std::move(found->second);
    found_.erase(found);
    answer(lock, std::move(ids));
    return true;
  }
  Command command{
      &scripts_.take,
      {keys_.base(), runner, std::to_string(pops_.front().max), std::to_string(alive_.count())}};
  taking_ = true;
  lock.unlock();
  const auto reply = connection_.call_one(std::move(command));
  lock.lock();
  taking_ = false;
  std::vector<Uuid> ids;
  if (reply.ok()) {
    if (is_error(**reply)) log_.error("Redis refuses 'take': {}", text_of(**reply));
    ids = ids_of(**reply);
  }
  if (!ids.empty() || pops_.front().stopped) {
    answer(lock, std::move(ids));
    return true;
  }
  pops_.push_back(std::move(pops_.front()));
  pops_.pop_front();
  return false;
}

// Answers the pop at the front.
void Taker::answer(Lock& lock, std::vector<Uuid> ids) {
  const Pop pop = std::move(pops_.front());
  pops_.pop_front();
  if (!ids.empty()) held_[pop.runner].insert(ids.begin(), ids.end());
  lock.unlock();
  pop.done(std::move(ids));
  lock.lock();
}

void Taker::sleep(Lock& lock) {
  Command command{
      nullptr,
      {"BLPOP", keys_.wake_of(process_), keys_.wake(), std::to_string(kSleep.count() / 1000)}};
  asleep_ = true;
  lock.unlock();
  const auto reply = connection_.call_one(std::move(command), kSleep);
  lock.lock();
  asleep_ = false;
  const bool woken = reply.ok() && is_array(**reply);
  if (!woken || !pops_.empty() || stopping_) return;
  // Nobody here waits any more: the token is for another.
  lock.unlock();
  if (!connection_.call_one({nullptr, {"RPUSH", keys_.wake(), "1"}}).ok())
    log_.debug("A wake-up was lost; who sleeps wakes by itself");
  lock.lock();
}

// An answer may have been lost with the connection: what Redis thinks that our runners hold, and
// they do not know, is given to them.
void Taker::recover(Lock& lock) {
  std::vector<std::string> runners;
  for (const Pop& pop : pops_) runners.push_back(pop.runner);
  for (const std::string& runner : runners) {
    lock.unlock();
    const auto reply = connection_.call_one({nullptr, {"HKEYS", keys_.held(runner)}});
    lock.lock();
    if (!reply.ok()) return;
    const auto& held = held_[runner];
    std::vector<Uuid> found = ids_of(**reply);
    std::erase_if(found, [&](const Uuid& id) { return held.contains(id); });
    if (!found.empty()) found_[runner] = std::move(found);
  }
}

}  // namespace sluice::redis
