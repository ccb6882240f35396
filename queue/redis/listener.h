// Listener: hears what ends anywhere in the fleet, on a thread and a connection of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.h"
#include "queue/redis/backoff.h"
#include "queue/redis/connection.h"
#include "queue/redis/keys.h"

namespace sluice::redis {

class Listener {
 public:
  using Hear = std::function<void(std::vector<Uuid>)>;

  // Everything outlives it. `hear` is called on the listener's thread. Waits until it hears, or
  // Redis could not be reached at the first try.
  Listener(ConnectionOptions options, const Scripts& scripts, const Keys& keys, Log& log,
           Metrics& metrics, Hear hear);
  ~Listener();

 private:
  void run();
  void listen();
  void on_message(const redisReply& reply);
  bool pause(Millis time);
  void note_try();

  Connection connection_;
  const Keys& keys_;
  Log& log_;
  const Hear hear_;
  Backoff backoff_;
  bool refused_ = false;  // and it was said

  std::mutex mutex_;
  std::condition_variable changed_;
  bool tried_ = false;  // guarded by mutex_
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// The ids of what was published; empty when it is of a version that is not known.
std::vector<Uuid> read_announcement(std::string_view bytes);

}  // namespace sluice::redis
