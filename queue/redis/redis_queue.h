// RedisQueue: the queue between the processes of a fleet, in one Redis.
//
//   the executor's thread        threads of its own, each with a connection
//   push, acknowledge, … ──────→ Commander: everything that is said, a round at a time
//   pop ───────────────────────→ Taker: sleeps in Redis while there is nothing
//   subscribe ←───────────────── Listener: what has ended anywhere
//
// What is kept in Redis stands in keys.h; what it does in one step, in scripts.h. It needs
// Redis 6.2 or later and only commands that a cluster knows, all on one slot.
//
// subscribe() waits until it hears, at most a time-out. Announcements carry ids alone, of records
// that are durable: those of Phase::kResult are for one process, and dropped.
#pragma once

#include <memory>
#include <string>

#include "base/executor.h"
#include "base/log.h"
#include "base/metrics.h"
#include "queue/queue.h"

namespace sluice {

struct RedisQueueOptions {
  std::string url = "redis://localhost";  // see redis_url.h
  std::string prefix = "sluice";          // of all keys
  size_t capacity = 100'000;              // waiting entries; some 200 bytes each in Redis
  bool await_rules = false;               // pop nothing unless rules_complete() was said to Redis
  Millis dead_after{5'000};               // of a runner that has not been heard of
  Millis timeout{1'500};                  // for Redis to answer; then it is away
};

class RedisQueue final : public Queue {
 public:
  // Tries once to connect. When Redis is away the queue is not ready, and recovers by itself.
  // kInvalid: the URL is wrong, or Redis answers and cannot be used: it asks for another password,
  // or would drop jobs when memory runs out.
  static Result<std::unique_ptr<RedisQueue>> open(RedisQueueOptions options, Executor& executor,
                                                  Log& log, Metrics& metrics);
  ~RedisQueue() override;

  void push(std::vector<Entry> entries, std::function<void(std::vector<Status>)> done) override;
  void pop(std::string runner, size_t max,
           std::function<void(Result<std::vector<Uuid>>)> done) override;
  void pop_others(std::string runner, size_t max, std::vector<ActionName> passed_over,
                  std::function<void(Result<std::vector<Uuid>>)> done) override;
  void stop_pop(std::string runner) override;
  void acknowledge(std::string runner, std::vector<Uuid> ids) override;
  void give_back(std::string runner, std::vector<Uuid> ids) override;
  void announce(std::vector<Announcement> news) override;
  void subscribe(std::function<void(std::span<const Announcement>)> listener) override;
  void depth(std::function<void(Result<Depth>)> done) override;
  void heartbeat(RunnerInfo info) override;
  void runners(std::function<void(Result<std::vector<RunnerInfo>>)> done) override;
  void rescue(std::function<void(Result<size_t>)> done) override;
  void leave(std::string runner, std::function<void()> done) override;
  void lead(std::string task, std::string who, Millis lease,
            std::function<void(bool)> done) override;
  void restrain(std::string ns, std::string action, LaneRule rule,
                std::function<void(Status)> done) override;
  void rules(std::function<void(Result<Rules>)> done) override;
  void rules_complete(std::function<void(Status)> done) override;
  void hold(std::string runner, std::vector<Entry> entries) override;
  Status ready() const override;

 private:
  struct Parts;
  explicit RedisQueue(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice
