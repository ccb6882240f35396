// Taker: fetches ids for the runners of this process, on a thread and a connection of its own.
// While there are none it sleeps in Redis, until a push leaves a token or a second is over.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/log.h"
#include "queue/redis/backoff.h"
#include "queue/redis/connection.h"
#include "queue/redis/keys.h"

namespace sluice::redis {

using PopDone = std::function<void(Result<std::vector<Uuid>>)>;

class Taker {
 public:
  // Everything outlives it. `process`: a name of this process's own, for its wake key. `alive`: for
  // how long a runner is alive after it took. `await_rules`: takes nothing before Redis has all
  // rules.
  Taker(ConnectionOptions options, const Scripts& scripts, const Keys& keys, std::string process,
        Millis alive, bool await_rules, Log& log, Metrics& metrics);
  ~Taker();  // answers nobody

  // From any thread. Callbacks come on the taker's thread, or from within stop().
  void pop(const std::string& runner, size_t max, PopDone done);
  // Never waits; passes over the lanes of these actions, as rules name them (keys.h).
  void pop_others(const std::string& runner, size_t max, std::vector<std::string> passed_over,
                  PopDone done);
  void stop(const std::string& runner);
  bool waits(const std::string& runner) const;

  // Whether it is asleep in Redis: a token in its wake key brings it back at once.
  bool asleep() const;

  // The runner does not hold these any more, or is gone.
  void forget(const std::string& runner, const std::vector<Uuid>& ids);
  void forget(const std::string& runner);

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Ids = std::unordered_set<Uuid>;

  struct Pop {
    std::string runner;
    size_t max = 0;
    PopDone done;
    std::vector<std::string> passed_over;
    bool waits = true;     // until there is something
    bool stopped = false;  // while it is being asked for
  };

  void add(Pop pop);
  void run();
  bool connect(Lock& lock);
  void dismiss(Lock& lock);
  bool emptied() const;
  bool take(Lock& lock);
  void sleep(Lock& lock);
  void rest(Lock& lock);
  std::vector<Uuid> new_ids(const std::string& runner, size_t max,
                            const std::vector<std::string>& passed_over);
  std::vector<Uuid> lost_ids(const std::string& runner, const Ids& known);
  void answer(Lock& lock, std::vector<Uuid> ids);

  Connection connection_;
  const Scripts& scripts_;
  const Keys& keys_;
  const std::string process_;
  const Millis alive_;
  const bool await_rules_;
  Log& log_;
  Backoff backoff_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Pop> pops_;  // guarded by mutex_, as is what follows; one for a runner
  std::unordered_map<std::string, Ids> held_;  // given to runners here, and not forgotten
  std::unordered_set<std::string> checked_;    // runners that miss nothing of what Redis gave them
  bool taking_ = false;                        // pops_.front() is being asked for
  MonoTime emptied_at_{};                      // the last time that less was there than asked for
  bool asleep_ = false;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace sluice::redis
