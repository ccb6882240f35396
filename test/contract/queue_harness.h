// What the parts of the queue's contract share: the implementations, and how a test asks a queue.
//
// An implementation takes part by a type like `Local`, added to QUEUES. Redis is that of
// scripts/services.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>

#include "queue/local/local_queue.h"
#include "queue/queue.h"
#include "queue/redis/redis_queue.h"
#include "test/contract/redis_keys.h"
#include "test/support/services.h"
#include "test/support/turn_executor.h"

namespace sluice::test {

struct Local {
  std::unique_ptr<Queue> make(Executor& executor, size_t capacity, bool await_rules = false) {
    return std::make_unique<LocalQueue>(
        executor, LocalQueueOptions{.capacity = capacity, .await_rules = await_rules});
  }
};

struct Redis {
  std::unique_ptr<Queue> make(Executor& executor, size_t capacity, bool await_rules = false) {
    RedisQueueOptions options;
    options.url = test::shared_redis_url();
    options.prefix = prefix;
    options.capacity = capacity;
    options.await_rules = await_rules;
    auto opened = RedisQueue::open(options, executor, log, metrics);
    if (!opened.ok()) FAIL(opened.error().text());
    REQUIRE((*opened)->ready().ok());
    return *std::move(opened);
  }
  ~Redis() { test::remove_keys(prefix); }

  const std::string prefix = test::unique_name("contract");
  Log log{LogOptions{LogLevel::kError}};
  Metrics metrics;
};

#define QUEUES Local, Redis

inline Uuid id_of(uint32_t number) {
  Uuid id;
  id.bytes[0] = 1;
  for (int i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return id;
}

inline uint32_t number_of(const Uuid& id) {
  uint32_t number = 0;
  for (int i = 12; i < 16; ++i) number = number << 8 | id.bytes[i];
  return number;
}

using Numbers = std::vector<uint32_t>;

inline Numbers numbers_of(std::span<const Uuid> ids) {
  Numbers numbers;
  for (const Uuid& id : ids) numbers.push_back(number_of(id));
  return numbers;
}

inline std::vector<Uuid> ids_of(const Numbers& numbers) {
  std::vector<Uuid> ids;
  for (const uint32_t number : numbers) ids.push_back(id_of(number));
  return ids;
}

inline Numbers from_to(uint32_t first, uint32_t last) {
  Numbers numbers;
  for (uint32_t i = first; i <= last; ++i) numbers.push_back(i);
  return numbers;
}

inline size_t accepted(const std::vector<Status>& pushed) {
  return static_cast<size_t>(
      std::count_if(pushed.begin(), pushed.end(), [](const Status& one) { return one.ok(); }));
}

template <class Implementation>
struct Fixture {
  static constexpr size_t kCapacity = 1000;

  std::vector<Status> push(const Lane& lane, const Numbers& numbers) {
    std::vector<Entry> entries;
    for (const uint32_t number : numbers) entries.push_back({id_of(number), lane});
    std::optional<std::vector<Status>> results;
    queue->push(std::move(entries), [&](auto got) { results = std::move(got); });
    REQUIRE(executor.turn_until([&] { return results.has_value(); }));
    REQUIRE(results->size() == numbers.size());
    return *results;
  }

  std::vector<Status> push(const std::string& action, const Numbers& numbers) {
    return push(Lane{.action = action}, numbers);
  }

  void push_all(const Lane& lane, const Numbers& numbers) {
    for (const Status& status : push(lane, numbers)) REQUIRE(status.ok());
  }
  void push_all(const std::string& action, const Numbers& numbers) {
    push_all(Lane{.action = action}, numbers);
  }

  // A pop that is still open, or its answer.
  struct Pop {
    int answers = 0;
    std::optional<Error> error;
    Numbers got;
  };

  std::shared_ptr<Pop> start_pop(const std::string& runner, size_t max) {
    auto pop = std::make_shared<Pop>();
    queue->pop(runner, max, answer_of(pop));
    return pop;
  }

  std::shared_ptr<Pop> start_pop_others(const std::string& runner, size_t max,
                                        const std::vector<std::string>& passed_over) {
    std::vector<ActionName> names;
    for (const std::string& action : passed_over) names.push_back({"default", action});
    auto pop = std::make_shared<Pop>();
    queue->pop_others(runner, max, std::move(names), answer_of(pop));
    return pop;
  }

  static std::function<void(Result<std::vector<Uuid>>)> answer_of(std::shared_ptr<Pop> pop) {
    return [pop](const Result<std::vector<Uuid>>& result) {
      ++pop->answers;
      if (result.ok()) {
        pop->got = numbers_of(*result);
      } else {
        pop->error = result.error();
      }
    };
  }

  void finish(const std::shared_ptr<Pop>& pop) {
    REQUIRE(executor.turn_until([&] { return pop->answers > 0; }));
  }

  // Only where something waits.
  Numbers pop(size_t max, const std::string& runner = "r1") {
    const auto pop = start_pop(runner, max);
    finish(pop);
    REQUIRE_FALSE(pop->error);
    return pop->got;
  }

  Numbers pop_others(size_t max, const std::vector<std::string>& passed_over,
                     const std::string& runner = "r1") {
    const auto pop = start_pop_others(runner, max, passed_over);
    finish(pop);
    REQUIRE_FALSE(pop->error);
    return pop->got;
  }

  Depth depth() {
    std::optional<Result<Depth>> depth;
    queue->depth([&](auto got) { depth = std::move(got); });
    REQUIRE(executor.turn_until([&] { return depth.has_value(); }));
    REQUIRE(depth->ok());
    return **depth;
  }

  // Waits until everything that was said has been heard.
  void settle() { depth(); }

  template <class T>
  T ask(const std::function<void(std::function<void(T)>)>& call) {
    std::optional<T> answer;
    call([&](T got) { answer.emplace(std::move(got)); });
    REQUIRE(executor.turn_until([&] { return answer.has_value(); }));
    return std::move(*answer);
  }

  std::vector<RunnerInfo> runners() {
    auto got = ask<Result<std::vector<RunnerInfo>>>([&](auto done) { queue->runners(done); });
    REQUIRE(got.ok());
    return *std::move(got);
  }

  bool lead(const std::string& who, Millis lease = Millis(60'000)) {
    return ask<bool>([&](auto done) { queue->lead("sweep", who, lease, done); });
  }

  void restrain(const std::string& action, LaneRule rule) {
    const Status told =
        ask<Status>([&](auto done) { queue->restrain("default", action, rule, done); });
    REQUIRE(told.ok());
  }

  Rules rules() {
    auto got = ask<Result<Rules>>([&](auto done) { queue->rules(done); });
    REQUIRE(got.ok());
    return *std::move(got);
  }

  void rules_complete() {
    REQUIRE(ask<Status>([&](auto done) { queue->rules_complete(done); }).ok());
  }

  void leave(const std::string& runner) {
    bool left = false;
    queue->leave(runner, [&] { left = true; });
    REQUIRE(executor.turn_until([&] { return left; }));
  }

  Implementation implementation;
  test::TurnExecutor executor;
  std::unique_ptr<Queue> queue = implementation.make(executor, kCapacity);
};

inline Announcement news_of(uint32_t number) {
  Announcement news;
  news.id = id_of(number);
  return news;
}

}  // namespace sluice::test
