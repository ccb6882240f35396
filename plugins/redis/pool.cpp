#include "plugins/redis/pool.h"

#include <algorithm>
#include <utility>

namespace sluice::redis_plugin {
namespace {

using std::chrono::milliseconds;

// Between attempts at a server that is away. Calls in between fail at once: so a flood of them
// neither keeps all threads waiting, nor falls upon a server that is just coming up.
constexpr milliseconds kFirstPause{50}, kLongestPause{1'000};

// Routers forget connections on which nothing happens, without a word.
constexpr std::chrono::minutes kMaxIdle{1};

}  // namespace

Pool::Pool(const sluice_host& host, Address address, milliseconds connect_timeout)
    : host_(host), address_(std::move(address)), connect_timeout_(connect_timeout) {}

Reply Pool::run(const Words& words, ReplyLimits limits, const plugin::Pending& call) {
  ConnectionPtr connection = take_idle();
  const bool was_idle = connection != nullptr;
  if (!was_idle) connection = connect(call);
  Reply reply;
  try {
    reply = connection->exchange(words, limits, call);
  } catch (const NothingSent&) {
    if (!was_idle) throw;
    connection = connect(call);
    reply = connection->exchange(words, limits, call);
  }
  give_back(std::move(connection));
  return reply;
}

// The one used last, as long as it is good: the others grow old and end.
Pool::ConnectionPtr Pool::take_idle() {
  std::vector<ConnectionPtr> ended;  // outside of the lock
  const std::lock_guard lock(mutex_);
  while (!idle_.empty()) {
    ConnectionPtr connection = std::move(idle_.back());
    idle_.pop_back();
    if (Clock::now() - connection->idle_since < kMaxIdle && connection->is_fresh())
      return connection;
    ended.push_back(std::move(connection));
  }
  return nullptr;
}

Pool::ConnectionPtr Pool::connect(const plugin::Pending& call) {
  {
    const std::lock_guard lock(mutex_);
    if (!away_.empty() && Clock::now() < retry_at_) throw Unreachable(away_);
    // This call tries it; until it knows, the others need not.
    if (!away_.empty()) retry_at_ = Clock::now() + connect_timeout_;
  }
  try {
    auto connection = std::make_unique<Connection>(address_, connect_timeout_, call);
    note_back();
    return connection;
  } catch (const Unreachable& failure) {
    note_away(failure.what());
    throw;
  } catch (...) {
    const std::lock_guard lock(mutex_);
    retry_at_ = {};  // it is not known: the next call tries it
    throw;
  }
}

void Pool::note_back() {
  {
    const std::lock_guard lock(mutex_);
    if (away_.empty()) return;
    away_.clear();
  }
  plugin::log(host_, SLUICE_LOG_INFO, address_.text() + " answers again");
}

void Pool::note_away(const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    const bool was_away = !away_.empty();
    pause_ = was_away ? std::min(pause_ * 2, kLongestPause) : kFirstPause;
    away_ = why;
    retry_at_ = Clock::now() + pause_;
    if (was_away) return;
  }
  plugin::log(host_, SLUICE_LOG_WARN, address_.text() + ": " + why);
}

void Pool::give_back(ConnectionPtr connection) {
  connection->idle_since = Clock::now();
  const std::lock_guard lock(mutex_);
  if (idle_.size() < host_.concurrency) idle_.push_back(std::move(connection));
}

}  // namespace sluice::redis_plugin
