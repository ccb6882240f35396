#include "store/mongo/link.h"

#include <algorithm>
#include <utility>

#include "base/thread_name.h"

namespace sluice::mongo {
namespace {

constexpr Millis kQuickly{400};  // of a failure: worth a second try
constexpr Millis kWhileThere{1'000};
constexpr Millis kFirstRetry{100};
constexpr Millis kLastRetry{1'000};

}  // namespace

Link::Link(const Connector& connector, ServerTime& time, Log& log,
           std::function<Status(Session&)> prepare)
    : connector_(connector),
      time_(time),
      log_(log),
      prepare_(std::move(prepare)),
      away_(Error{Code::kUnavailable, "mongodb", "MongoDB has not answered yet"}) {}

Link::~Link() {
  close();
  if (thread_.joinable()) thread_.join();
}

void Link::start() {
  thread_ = std::thread([this] { run(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return tried_; });
}

Status Link::ready() const {
  const std::lock_guard lock(mutex_);
  return away_ ? Status(*away_) : Status();
}

Status Link::soon(const std::function<Status()>& attempt) {
  if (Status there = ready(); !there.ok()) return there;
  const auto begin = std::chrono::steady_clock::now();
  Status done = attempt();
  if (!done.ok() && done.error().code == Code::kUnavailable &&
      std::chrono::steady_clock::now() - begin < kQuickly)
    done = attempt();
  if (!done.ok()) failed(done.error());
  return done;
}

void Link::failed(const Error& error) {
  if (error.code == Code::kUnavailable) note(error);
}

bool Link::wait_until_there(Millis limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [this] { return closed_ || !away_; });
  return !closed_ && !away_;
}

void Link::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool Link::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void Link::note(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (status.ok()) {
    if (away_ && tried_) log_.info("MongoDB is there");
    away_.reset();
  } else {
    const std::string why = connector_.hosts() + ": " + status.error().message;
    if (!tried_ || !away_) log_.warn("MongoDB is away: {}", why);
    away_ = Error{Code::kUnavailable, "mongodb", why};
    prepared_ = false;
  }
  tried_ = true;
  changed_.notify_all();
}

void Link::run() {
  name_this_thread("mongo-link");
  Session session(connector_.pool(), connector_.database());
  Millis pause = kFirstRetry;
  for (;;) {
    const Status asked = ask(session);
    std::unique_lock lock(mutex_);
    if (closed_) return;
    lock.unlock();
    note(asked);
    lock.lock();
    if (asked.ok()) {
      pause = kFirstRetry;
      // A failure that somebody meets is looked into at once.
      changed_.wait_for(lock, kWhileThere, [this] { return closed_ || away_; });
    } else {
      const auto most = pause.count();
      pause = std::min(pause * 2, kLastRetry);
      const Millis wait(std::uniform_int_distribution<int64_t>(most / 2, most)(random_));
      changed_.wait_for(lock, wait, [this] { return closed_; });
    }
    if (closed_) return;
  }
}

Status Link::ask(Session& session) {
  const Status answered = session.command(Bson().number("isMaster", 1), [&](const bson_t* reply) {
    if (const auto local = field_of(reply, "localTime")) time_.heard(local->time());
  });
  if (!answered.ok()) return answered;
  {
    const std::lock_guard lock(mutex_);
    if (prepared_) return {};
  }
  if (Status prepared = prepare_(session); !prepared.ok()) return prepared;
  const std::lock_guard lock(mutex_);
  prepared_ = true;
  return {};
}

}  // namespace sluice::mongo
