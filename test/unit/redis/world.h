// What the tests of the queue on Redis share: a queue on a Redis, and short words for what is said
// to it.
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "queue/redis/redis_queue.h"
#include "test/support/services.h"
#include "test/support/turn_executor.h"

namespace sluice::test {

using Numbers = std::vector<uint32_t>;

inline Uuid id_of(uint32_t number) {
  Uuid id;
  id.bytes[0] = 1;
  for (int i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return id;
}

inline std::vector<Uuid> ids_of(const Numbers& numbers) {
  std::vector<Uuid> ids;
  for (const uint32_t number : numbers) ids.push_back(id_of(number));
  return ids;
}

inline uint32_t number_of(const Uuid& id) {
  uint32_t number = 0;
  for (int i = 12; i < 16; ++i) number = number << 8 | id.bytes[i];
  return number;
}

// One process of a fleet, as far as its queue goes.
class Member {
 public:
  explicit Member(const std::string& url, std::string prefix = unique_name("unit"))
      : Member(options_of(url, std::move(prefix))) {}
  explicit Member(RedisQueueOptions given) : options(std::move(given)) {
    auto opened = RedisQueue::open(options, executor, log, metrics);
    if (!opened.ok()) FAIL(opened.error().text());
    queue = *std::move(opened);
  }

  static RedisQueueOptions options_of(const std::string& url, std::string prefix) {
    RedisQueueOptions options;
    options.url = url;
    options.prefix = std::move(prefix);
    return options;
  }

  template <class T>
  T ask(const std::function<void(std::function<void(T)>)>& call) {
    std::optional<T> answer;
    call([&](T got) { answer.emplace(std::move(got)); });
    REQUIRE(executor.turn_until([&] { return answer.has_value(); }));
    return std::move(*answer);
  }

  Status push(const std::string& action, const Numbers& numbers) {
    std::vector<Entry> entries;
    for (const uint32_t number : numbers)
      entries.push_back({id_of(number), Lane{.action = action}});
    const auto statuses = ask<std::vector<Status>>(
        [&](auto done) { queue->push(std::move(entries), std::move(done)); });
    for (const Status& status : statuses) {
      if (!status.ok()) return status;
    }
    return {};
  }

  // A pop that is still open, or its answer.
  struct Pop {
    bool answered = false;
    std::optional<Error> error;
    Numbers got;
  };
  std::shared_ptr<Pop> start_pop(const std::string& runner, size_t max) {
    auto pop = std::make_shared<Pop>();
    queue->pop(runner, max, [pop](Result<std::vector<Uuid>> ids) {
      pop->answered = true;
      if (!ids.ok()) {
        pop->error = ids.error();
        return;
      }
      for (const Uuid& id : *ids) pop->got.push_back(number_of(id));
    });
    return pop;
  }
  Numbers finish(const std::shared_ptr<Pop>& pop) {
    REQUIRE(executor.turn_until([&] { return pop->answered; }));
    if (pop->error) FAIL(pop->error->text());
    return pop->got;
  }
  Numbers pop(const std::string& runner, size_t max) { return finish(start_pop(runner, max)); }

  Result<Depth> ask_depth() {
    return ask<Result<Depth>>([&](auto done) { queue->depth(std::move(done)); });
  }
  Depth depth() {
    auto got = ask_depth();
    if (!got.ok()) FAIL(got.error().text());
    return *got;
  }

  size_t rescue() {
    auto got = ask<Result<size_t>>([&](auto done) { queue->rescue(std::move(done)); });
    if (!got.ok()) FAIL(got.error().text());
    return *got;
  }

  void heartbeat(const std::string& runner) {
    RunnerInfo info;
    info.name = runner;
    queue->heartbeat(std::move(info));
  }

  void restrain(const std::string& action, LaneRule rule) {
    const Status told =
        ask<Status>([&](auto done) { queue->restrain("default", action, rule, std::move(done)); });
    if (!told.ok()) FAIL(told.error().text());
  }

  // How often `command` was sent: of Redis, or a script's name.
  int sent(const std::string& command) const {
    const std::string name = "sluice_redis_commands_total{command=\"" + command + "\"} ";
    const std::string text = metrics.text();
    const size_t at = text.find(name);
    return at == std::string::npos ? 0 : std::stoi(text.substr(at + name.size()));
  }

  // Until `condition` holds, asking again and again; false when only a hang can be the reason.
  bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      executor.turn();
      const timespec pause = {0, 5'000'000};
      nanosleep(&pause, nullptr);
    }
    return true;
  }

  const RedisQueueOptions options;
  Log log{LogOptions{LogLevel::kOff}};
  Metrics metrics;
  TurnExecutor executor;
  std::unique_ptr<RedisQueue> queue;
};

// Says one thing to a Redis, past the queue.
std::string say(const std::string& url, std::vector<std::string> words);

// Removes all keys of a fleet from the shared Redis when it ends.
class SharedFleet {
 public:
  ~SharedFleet();
  const std::string url = shared_redis_url();
  const std::string prefix = unique_name("unit");
};

}  // namespace sluice::test
