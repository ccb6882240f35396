#include "queue/redis/taker.h"

#include <algorithm>
#include <utility>

#include "queue/redis/steps.h"
#include "queue/redis/thread.h"

namespace sluice::redis {
namespace {

constexpr Millis kSleep{1'000};  // then it looks again, though nobody woke it
constexpr Millis kMoment{2};
constexpr size_t kMaxTake = 1'000;  // ids of one script call

MonoTime now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Taker::Taker(ConnectionOptions options, const Scripts& scripts, const Keys& keys,
             std::string process, Millis alive, bool await_rules, Log& log, Metrics& metrics)
    : connection_(std::move(options), scripts, metrics),
      scripts_(scripts),
      keys_(keys),
      process_(std::move(process)),
      alive_(alive),
      await_rules_(await_rules),
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
  add({runner, max, std::move(done), {}});
}

void Taker::pop_others(const std::string& runner, size_t max, std::vector<std::string> passed_over,
                       PopDone done) {
  add({runner, max, std::move(done), std::move(passed_over), false});
}

void Taker::add(Pop pop) {
  {
    const Lock lock(mutex_);
    pop.max = std::min(pop.max, kMaxTake);
    if (!pop.waits) emptied_at_ = {};  // it is asked for at once
    pops_.push_back(std::move(pop));
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  changed_.notify_one();
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
  checked_.erase(runner);
}

// ── its own thread ──

void Taker::run() {
  begin_thread("redis-take");
  Lock lock(mutex_);
  while (!stopping_) {
    if (pops_.empty()) {
      changed_.wait(lock, [this] { return stopping_ || !pops_.empty(); });
      continue;
    }
    if (!connection_.connected() && !connect(lock)) continue;
    // Each runner that waits is asked for once; those that got nothing are at the end again.
    bool any = false;
    for (size_t left = emptied() ? 0 : pops_.size();
         left > 0 && !pops_.empty() && connection_.connected(); --left)
      any = take(lock) || any;
    if (!connection_.connected() && !stopping_) rest(lock);
    if (!any && !pops_.empty() && connection_.connected() && !stopping_) sleep(lock);
  }
}

bool Taker::connect(Lock& lock) {
  checked_.clear();
  lock.unlock();
  const Status connected = connection_.connect();
  lock.lock();
  if (!connected.ok()) {
    dismiss(lock);
    rest(lock);
  }
  return connected.ok();
}

// Redis cannot be reached: who does not wait is told that there is nothing.
void Taker::dismiss(Lock& lock) {
  std::vector<PopDone> told;
  std::erase_if(pops_, [&told](Pop& pop) {
    if (!pop.waits) told.push_back(std::move(pop.done));
    return !pop.waits;
  });
  lock.unlock();
  for (const PopDone& done : told) done(std::vector<Uuid>{});
  lock.lock();
}

// Also after a connection that was made and then broke: see Commander::rest.
void Taker::rest(Lock& lock) {
  emptied_at_ = {};  // who knows what came meanwhile
  changed_.wait_for(lock, backoff_.next(), [this] { return stopping_; });
}

// A moment ago nothing was left: to wait for the wake-up saves asking in vain. Later something may
// well have come, and asking at once saves the wake-up.
bool Taker::emptied() const {
  return now() - emptied_at_ < kMoment;
}

// Asks for the pop at the front. True when it got something.
bool Taker::take(Lock& lock) {
  const std::string runner = pops_.front().runner;
  const size_t max = pops_.front().max;
  const bool waits = pops_.front().waits;
  const std::vector<std::string> passed_over = pops_.front().passed_over;
  const bool check = !checked_.contains(runner);
  const Ids known = check ? held_[runner] : Ids();
  taking_ = true;
  lock.unlock();
  std::vector<Uuid> ids;
  if (check) ids = lost_ids(runner, known);
  const bool more = ids.size() > max;
  if (more) ids.resize(max);
  const bool asked = ids.empty() && connection_.connected();
  if (asked) ids = new_ids(runner, max, passed_over);
  lock.lock();
  taking_ = false;
  if (connection_.connected()) {
    backoff_.reset();
    if (!more) checked_.insert(runner);
    if (asked && waits && ids.size() < max) emptied_at_ = now();
  }
  if (!ids.empty() || !waits || pops_.front().stopped) {
    answer(lock, std::move(ids));
    return true;
  }
  pops_.push_back(std::move(pops_.front()));
  pops_.pop_front();
  return false;
}

std::vector<Uuid> Taker::new_ids(const std::string& runner, size_t max,
                                 const std::vector<std::string>& passed_over) {
  Command command{&scripts_.take,
                  {keys_.base(), runner, std::to_string(max), std::to_string(alive_.count()),
                   await_rules_ ? "1" : "0"}};
  command.words.insert(command.words.end(), passed_over.begin(), passed_over.end());
  const auto reply = connection_.call_one(std::move(command));
  if (!reply.ok()) return {};
  if (is_error(**reply)) log_.error("Redis refuses 'take': {}", text_of(**reply));
  return ids_of(**reply);
}

// An answer may have been lost with an earlier connection: what Redis thinks that the runner holds,
// and it does not know. `known` is from before the question: what was forgotten since is gone from
// Redis, too.
std::vector<Uuid> Taker::lost_ids(const std::string& runner, const Ids& known) {
  const auto reply = connection_.call_one({nullptr, {"HKEYS", keys_.held(runner)}});
  if (!reply.ok()) return {};
  std::vector<Uuid> ids = ids_of(**reply);
  std::erase_if(ids, [&](const Uuid& id) { return known.contains(id); });
  std::sort(ids.begin(), ids.end());
  return ids;
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
  emptied_at_ = {};
  const bool woken = reply.ok() && is_array(**reply);
  if (!woken || !pops_.empty() || stopping_) return;
  // Nobody here waits any more: the token is for another.
  lock.unlock();
  if (!connection_.call_one({nullptr, {"RPUSH", keys_.wake(), "1"}}).ok())
    log_.debug("A wake-up was lost; who sleeps wakes by itself");
  lock.lock();
}

}  // namespace sluice::redis
