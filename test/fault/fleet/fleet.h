// A fleet under test: real APIs and runners, on databases that are shared with other tests, or of
// its own where the test spoils them.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "queue/redis/redis_queue.h"
#include "store/mongo/mongo_store.h"
#include "test/support/databases.h"
#include "test/support/http.h"
#include "test/support/process.h"
#include "test/support/tcp_proxy.h"
#include "test/support/turn_executor.h"

namespace sluice::test {

class Fleet {
 public:
  enum Own { kNothing = 0, kRedis = 1, kMongo = 2 };

  // Leases last a second: what a runner lost is due again soon. kLongLease: where nothing is to be
  // lost, however slow the machine.
  explicit Fleet(int own = kNothing, Millis lease = Millis(1'000));
  static constexpr Millis kLongLease{60'000};
  ~Fleet();

  const std::string& mongo_url() const { return mongo_url_; }
  const std::string& redis_url() const { return redis_url_; }
  RedisServer& redis() { return *redis_; }
  MongoServer& mongo() { return *mongo_; }

  using Programs = std::vector<std::unique_ptr<HttpProgram>>;
  Programs apis;
  std::vector<std::unique_ptr<Program>> runners;

  HttpProgram& start_api(std::vector<std::string> arguments = {}, Environment environment = {});
  Program& start_runner(std::vector<std::string> arguments = {}, Environment environment = {});

  // Has the store itself say what became of an invocation.
  Result<Invocation> find(const std::string& id);
  size_t count(State state);

  const std::string& prefix() const { return name_; }

 private:
  std::vector<std::string> command(const std::string& name, std::vector<std::string> more,
                                   std::vector<std::string> arguments) const;
  Store& store();

  Environment environment(Environment more) const;

  const std::string name_;  // of the database, and of the keys in Redis
  const Millis lease_;
  std::unique_ptr<RedisServer> redis_;
  std::unique_ptr<MongoServer> mongo_;
  std::string redis_url_, mongo_url_;
  TurnExecutor executor_;
  SystemClock clock_;
  Log log_{LogOptions{LogLevel::kOff}};
  Metrics metrics_;
  std::unique_ptr<MongoStore> store_;
};

// Looks into the fleet's Redis.
class RedisProbe {
 public:
  explicit RedisProbe(Fleet& fleet);
  size_t waiting();
  size_t delivered();
  void flush_all();

 private:
  Depth depth();
  TurnExecutor executor_;
  Log log_{LogOptions{LogLevel::kOff}};
  Metrics metrics_;
  const std::string url_;
  std::unique_ptr<RedisQueue> queue_;
};

// The actions that tests run: `double` answers twice its n; `spin` the same, after burning `ms` of
// time.
void create_actions(const std::string& api_url);

// The arguments of such an action.
std::string payload(int n, int ms = 0);

// What was accepted, and what has to come of it. From several threads.
class Accepted {
 public:
  // Submits `double` jobs from several clients at once until `count` are accepted; those that are
  // refused are tried again after a moment, at the next of the URLs.
  void submit(const std::vector<std::string>& api_urls, size_t count, int clients = 8);

  // One job; empty when it was not accepted.
  std::string submit_one(Http& http, const std::string& action, const std::string& payload,
                         const std::string& result);

  // One job of `ms` that was seen running, of `spin` or another action with its arguments. Those
  // that end unseen are followed by another.
  std::string submit_running(Fleet& fleet, Http& http, int ms, const std::string& action = "spin");

  // Waits until all have ended; each with its result, written once.
  void check_all(Fleet& fleet);

  size_t size() const;
  std::vector<std::string> ids() const;

 private:
  int next();

  mutable std::mutex mutex_;
  std::map<std::string, std::string> results_;  // by id
  int next_ = 0;
};

}  // namespace sluice::test
