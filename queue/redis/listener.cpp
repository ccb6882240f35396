#include "queue/redis/listener.h"

#include <cstring>
#include <utility>

#include "queue/redis/thread.h"

namespace sluice::redis {
namespace {

constexpr Millis kQuiet{
    1'000};  // without news: a PING; and without an answer to that, once more so long, it is away

}  // namespace

Listener::Listener(ConnectionOptions options, const Scripts& scripts, const Keys& keys, Log& log,
                   Metrics& metrics, Hear hear)
    : connection_(std::move(options), scripts, metrics),
      keys_(keys),
      log_(log),
      hear_(std::move(hear)),
      thread_([this] { run(); }) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return tried_; });
}

Listener::~Listener() {
  stopping_ = true;
  changed_.notify_all();
  connection_.interrupt();
  thread_.join();
}

void Listener::note_try() {
  const std::unique_lock lock(mutex_);
  if (!std::exchange(tried_, true)) changed_.notify_all();
}

bool Listener::pause(Millis time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return stopping_.load(); });
}

void Listener::run() {
  begin_thread("redis-listen");
  while (!stopping_) {
    const Status connected = connection_.connect();
    if (connected.ok()) listen();
    note_try();
    if (!stopping_) pause(backoff_.next());
  }
}

void Listener::listen() {
  const auto subscribed = connection_.call_one({nullptr, {"SUBSCRIBE", keys_.ended()}});
  if (!subscribed.ok()) return;
  if (is_error(**subscribed)) {
    if (!std::exchange(refused_, true))
      log_.error("Redis does not let us hear announcements: {}", text_of(**subscribed));
    return connection_.close();
  }
  refused_ = false;
  backoff_.reset();
  note_try();
  bool asked = false;
  while (!stopping_) {
    const auto reply = connection_.read(kQuiet);
    if (!reply.ok()) break;
    if (*reply) {
      asked = false;
      on_message(**reply);
      continue;
    }
    if (asked || !connection_.send({nullptr, {"PING"}}).ok()) {
      connection_.close();
      break;
    }
    asked = true;
  }
  if (!stopping_) log_.warn("The connection for announcements is lost; the store is asked instead");
}

void Listener::on_message(const redisReply& reply) {
  if (!is_array(reply) || reply.elements != 3 || text_of(*reply.element[0]) != "message") return;
  std::vector<Uuid> ids = read_announcement(text_of(*reply.element[2]));
  if (!ids.empty()) hear_(std::move(ids));
}

std::vector<Uuid> read_announcement(std::string_view bytes) {
  std::vector<Uuid> ids;
  if (bytes.empty() || bytes[0] != kAnnouncementVersion) return ids;
  bytes.remove_prefix(1);
  ids.resize(bytes.size() / sizeof(Uuid::bytes));
  for (size_t i = 0; i < ids.size(); ++i)
    std::memcpy(ids[i].bytes.data(), bytes.data() + i * sizeof(Uuid::bytes), sizeof(Uuid::bytes));
  return ids;
}

}  // namespace sluice::redis
