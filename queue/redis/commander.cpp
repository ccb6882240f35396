#include "queue/redis/commander.h"

#include <utility>

#include "queue/redis/thread.h"

namespace sluice::redis {
namespace {

constexpr Millis kQuiet{500};            // without anything to say: is Redis still there?
constexpr size_t kMaxEntries = 100'000;  // that wait to be pushed

Error not_yet() {
  return {Code::kUnavailable, "redis", "Redis has not answered yet"};
}

}  // namespace

Commander::Commander(ConnectionOptions options, const Scripts& scripts, const Keys& keys,
                     size_t capacity, Log& log, Metrics& metrics)
    : log_(log),
      connection_(std::move(options), scripts, metrics),
      steps_(scripts, keys, capacity),
      down_(not_yet()) {}

Commander::~Commander() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status Commander::start() {
  thread_ = std::thread([this] { run(); });
  Lock lock(mutex_);
  changed_.wait(lock, [this] { return tried_; });
  return first_;
}

Status Commander::ready() const {
  const Lock lock(mutex_);
  return down_ ? Status(*down_) : Status();
}

std::optional<MonoTime> Commander::connected_since() const {
  const Lock lock(mutex_);
  if (down_) return std::nullopt;
  return up_since_;
}

// ── what there is to say ──

void Commander::push(std::vector<Entry> entries, PushDone done) {
  Lock lock(mutex_);
  std::optional<Error> refused = down_;
  if (!refused && steps_.entries() + entries.size() > kMaxEntries && steps_.entries() > 0)
    refused = Error{Code::kFull, "queue.push", "too much waits to be told to Redis"};
  if (refused) {
    lock.unlock();
    if (done) done(std::vector<Status>(entries.size(), Status(*refused)));
    return;
  }
  steps_.push(std::move(entries), std::move(done));
  lock.unlock();
  changed_.notify_all();
}

void Commander::settle(const std::string& runner, const std::vector<Uuid>& ids,
                       std::function<void()> heard) {
  Lock lock(mutex_);
  steps_.settle(runner, ids, std::move(heard));
  lock.unlock();
  changed_.notify_all();
}

void Commander::announce(const std::vector<Uuid>& ids) {
  Lock lock(mutex_);
  if (down_) return;
  steps_.announce(ids);
  lock.unlock();
  changed_.notify_all();
}

void Commander::give_back(const std::string& runner, const std::vector<Uuid>& ids,
                          std::function<void()> heard) {
  Lock lock(mutex_);
  steps_.give_back(runner, ids, std::move(heard));
  lock.unlock();
  changed_.notify_all();
}

void Commander::ask(Command command, ReplyDone done) {
  Lock lock(mutex_);
  if (down_) {
    const Error error = *down_;
    lock.unlock();
    if (done) done(error);
    return;
  }
  steps_.ask(std::move(command), std::move(done));
  lock.unlock();
  changed_.notify_all();
}

// ── saying it ──

void Commander::run() {
  begin_thread("redis-say");
  Lock lock(mutex_);
  for (;;) {
    if (!connection_.connected()) {
      if (stopping_) break;
      if (!connect(lock)) continue;
    }
    if (steps_.empty()) {
      if (stopping_) break;
      changed_.wait_for(lock, kQuiet, [this] { return stopping_ || !steps_.empty(); });
      if (steps_.empty() && !stopping_) stay_alive(lock);
      continue;
    }
    say(lock);
  }
  steps_.fail({}, {Code::kUnavailable, "redis", "the queue is closing"});
}

bool Commander::connect(Lock& lock) {
  lock.unlock();
  const Status connected = connection_.connect();
  lock.lock();
  if (connected.ok()) {
    if (tried_) log_.info("Redis is there");
    down_.reset();
    up_since_ = connection_.since();
  } else {
    const bool refused = !tried_ && connected.error().code == Code::kInvalid;  // open() says so
    if (!refused && (!tried_ || !down_ || down_->message != connected.error().message))
      log_.warn("Redis is away: {}", connected.error().message);
    set_down(connected.error());
  }
  if (!std::exchange(tried_, true)) {
    first_ = connected;
    changed_.notify_all();
  }
  if (!connected.ok()) rest(lock);
  return connected.ok();
}

// Also after a connection that was made and then broke: else a Redis that greets and cannot serve
// would be asked without a pause.
void Commander::rest(Lock& lock) {
  changed_.wait_for(lock, backoff_.next(), [this] { return stopping_; });
}

void Commander::set_down(const Error& error) {
  down_ = Error{Code::kUnavailable, "redis", error.message};
}

void Commander::say(Lock& lock) {
  std::deque<Step> said = steps_.take();
  lock.unlock();
  std::vector<Command> commands;
  commands.reserve(said.size());
  for (Step& step : said) commands.push_back(std::move(step.command));
  auto replies = connection_.call(commands);
  if (replies.ok()) {
    log_errors(commands, *replies);
    for (size_t i = 0; i < said.size(); ++i) answer(said[i], std::move((*replies)[i]));
    lock.lock();
    backoff_.reset();
    return;
  }
  lock.lock();
  log_.warn("Redis is away: {}", replies.error().message);
  set_down(replies.error());
  for (size_t i = 0; i < said.size(); ++i) said[i].command = std::move(commands[i]);
  steps_.fail(std::move(said), *down_);
  rest(lock);
}

void Commander::stay_alive(Lock& lock) {
  lock.unlock();
  const auto reply = connection_.call_one({nullptr, {"PING"}});
  lock.lock();
  if (reply.ok()) return backoff_.reset();
  log_.warn("Redis is away: {}", reply.error().message);
  set_down(reply.error());
  steps_.fail({}, *down_);
}

void Commander::log_errors(const std::vector<Command>& commands,
                           const std::vector<ReplyPtr>& replies) {
  for (size_t i = 0; i < replies.size(); ++i) {
    if (!is_error(*replies[i])) continue;
    const Command& command = commands[i];
    log_.error("Redis refuses '{}': {}", command.script ? command.script->name : command.words[0],
               text_of(*replies[i]));
  }
}

}  // namespace sluice::redis
