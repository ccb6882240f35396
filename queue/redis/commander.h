// Commander: says to Redis what there is to say, on a thread and a connection of its own. What
// gathers while one round is on its way is the next round: one write, one read.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "queue/redis/backoff.h"
#include "queue/redis/connection.h"
#include "queue/redis/steps.h"

namespace sluice::redis {

class Commander {
 public:
  // Everything outlives it.
  Commander(ConnectionOptions options, const Scripts& scripts, const Keys& keys, size_t capacity,
            Log& log, Metrics& metrics);
  ~Commander();  // says what is left when Redis is there; at most a time-out later it is gone

  // Starts the thread, and waits until it is connected or could not be. See Connection::connect for
  // the error.
  Status start();

  // The reason when Redis is away. From any thread.
  Status ready() const;
  // Since when it has been there without a break; nothing while it is away.
  std::optional<MonoTime> connected_since() const;

  // From any thread. Callbacks come on the commander's thread, or, while Redis is away, at once.
  void push(std::vector<Entry> entries, PushDone done);
  void settle(const std::string& runner, const std::vector<Uuid>& ids, std::function<void()> heard);
  void announce(const std::vector<Uuid>& ids);
  void give_back(const std::string& runner, const std::vector<Uuid>& ids,
                 std::function<void()> heard);
  void ask(Command command, ReplyDone done);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void run();
  bool connect(Lock& lock);
  void say(Lock& lock);
  void stay_alive(Lock& lock);
  void rest(Lock& lock);
  void set_down(const Error& error);
  void log_errors(const std::vector<Command>& commands, const std::vector<ReplyPtr>& replies);

  Log& log_;
  Connection connection_;
  Backoff backoff_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Steps steps_;                // guarded by mutex_, as is what follows
  std::optional<Error> down_;  // why Redis is away
  MonoTime up_since_{};
  bool tried_ = false;
  Status first_;  // what came of the first try
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace sluice::redis
