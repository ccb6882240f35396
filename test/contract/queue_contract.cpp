// What every Queue must do. An implementation takes part by a type like `Local`, added to QUEUES.
// Redis is that of scripts/services.
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

using namespace sluice;

namespace {

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

Uuid id_of(uint32_t number) {
  Uuid id;
  id.bytes[0] = 1;
  for (int i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return id;
}

uint32_t number_of(const Uuid& id) {
  uint32_t number = 0;
  for (int i = 12; i < 16; ++i) number = number << 8 | id.bytes[i];
  return number;
}

using Numbers = std::vector<uint32_t>;

Numbers numbers_of(std::span<const Uuid> ids) {
  Numbers numbers;
  for (const Uuid& id : ids) numbers.push_back(number_of(id));
  return numbers;
}

std::vector<Uuid> ids_of(const Numbers& numbers) {
  std::vector<Uuid> ids;
  for (const uint32_t number : numbers) ids.push_back(id_of(number));
  return ids;
}

Numbers from_to(uint32_t first, uint32_t last) {
  Numbers numbers;
  for (uint32_t i = first; i <= last; ++i) numbers.push_back(i);
  return numbers;
}

size_t accepted(const std::vector<Status>& pushed) {
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
    queue->pop(runner, max, [pop](Result<std::vector<Uuid>> result) {
      ++pop->answers;
      if (result.ok()) {
        pop->got = numbers_of(*result);
      } else {
        pop->error = result.error();
      }
    });
    return pop;
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

Announcement news_of(uint32_t number) {
  Announcement news;
  news.id = id_of(number);
  return news;
}

}  // namespace

TEMPLATE_TEST_CASE("queue: a lane gives first in, first out", "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1, 2, 3});
  f.push_all("a", {4});
  CHECK(f.pop(2) == Numbers{1, 2});
  f.push_all("a", {5});
  CHECK(f.pop(10) == Numbers{3, 4, 5});
}

TEMPLATE_TEST_CASE("queue: lanes take turns, one entry each", "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1, 2, 3, 4, 5, 6});
  f.push_all("b", {11, 12});
  f.push_all("c", {21});
  CHECK(f.pop(4) == Numbers{1, 11, 21, 2});
  CHECK(f.pop(10) == Numbers{12, 3, 4, 5, 6});
}

TEMPLATE_TEST_CASE(
    "queue: turns go on across pops, so that an action with much to do starves nobody", "[queue]",
    QUEUES) {
  Fixture<TestType> f;
  Numbers many;
  for (uint32_t i = 100; i < 300; ++i) many.push_back(i);
  f.push_all("greedy", many);
  f.push_all("small", {1, 2});
  CHECK(f.pop(1) == Numbers{100});
  CHECK(f.pop(1) == Numbers{1});
  CHECK(f.pop(1) == Numbers{101});
  f.push_all("late", {50});
  CHECK(f.pop(3) == Numbers{2, 102, 50});
}

TEMPLATE_TEST_CASE("queue: lanes differ by namespace, queue, action and priority", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  f.push_all(Lane{.ns = "one", .action = "a"}, {1, 2});
  f.push_all(Lane{.ns = "two", .action = "a"}, {11, 12});
  f.push_all(Lane{.ns = "one", .queue = "q", .action = "a"}, {21, 22});
  f.push_all(Lane{.ns = "one", .action = "b"}, {31, 32});
  CHECK(f.pop(8) == Numbers{1, 11, 21, 31, 2, 12, 22, 32});
}

TEMPLATE_TEST_CASE("queue: the highest priority goes first, all of it", "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.push_all(Lane{.action = "a", .priority = -5}, {1});
  f.push_all(Lane{.action = "a", .priority = 0}, {11, 12});
  f.push_all(Lane{.action = "b", .priority = 7}, {21, 22});
  f.push_all(Lane{.action = "a", .priority = 7}, {31});
  CHECK(f.pop(3) == Numbers{21, 31, 22});
  CHECK(f.pop(1) == Numbers{11});
  f.push_all(Lane{.action = "c", .priority = 7}, {41});
  CHECK(f.pop(10) == Numbers{41, 12, 1});
}

TEMPLATE_TEST_CASE("queue: an id that waits already is left where it is", "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1, 2});
  f.push_all("b", {1, 3});  // 1 keeps its lane and place
  f.push_all("a", {1, 1});
  CHECK(f.depth().waiting == 3);
  CHECK(f.pop(10) == Numbers{1, 3, 2});
}

TEMPLATE_TEST_CASE("queue: an id that is delivered is not delivered again until it is acknowledged",
                   "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1});
  CHECK(f.pop(10) == Numbers{1});
  f.push_all("a", {1, 2});
  CHECK(f.pop(10) == Numbers{2});
  f.queue->acknowledge("r1", ids_of({1}));
  f.push_all("a", {1});
  CHECK(f.pop(10) == Numbers{1});
}

TEMPLATE_TEST_CASE(
    "queue: acknowledged ids are forgotten, unknown ones and those of others ignored", "[queue]",
    QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1, 2, 3});
  CHECK(f.pop(2, "r1") == Numbers{1, 2});
  f.queue->acknowledge("r2", ids_of({1}));      // not its own
  f.queue->acknowledge("r1", ids_of({3, 99}));  // waiting, unknown
  CHECK(f.depth().waiting == 1);
  CHECK(f.depth().delivered == 2);
  f.queue->acknowledge("r1", ids_of({1, 2, 2}));
  CHECK(f.depth().waiting == 1);
  CHECK(f.depth().delivered == 0);
}

TEMPLATE_TEST_CASE("queue: what does not fit is refused as full, the rest of the batch is not",
                   "[queue]", QUEUES) {
  Fixture<TestType> f;
  Numbers numbers;
  for (uint32_t i = 0; i < f.kCapacity + 3; ++i) numbers.push_back(i);
  const auto results = f.push("a", numbers);
  for (size_t i = 0; i < numbers.size(); ++i) {
    INFO("entry " << i);
    REQUIRE(results[i].ok() == (i < f.kCapacity));
    if (!results[i].ok()) REQUIRE(results[i].error().code == Code::kFull);
  }
  CHECK(f.depth().waiting == f.kCapacity);
  CHECK(f.depth().capacity == f.kCapacity);

  SECTION("what is known is no question of room") {
    CHECK(f.push("a", {5})[0].ok());
  }
  SECTION("what is popped makes room") {
    CHECK(f.pop(2) == Numbers{0, 1});
    CHECK(f.push("a", {5000})[0].ok());
    CHECK(f.push("a", {5001, 5002})[1].error().code == Code::kFull);
  }
  SECTION("what is given back has its place") {
    CHECK(f.pop(1) == Numbers{0});
    f.push_all("a", {5000});
    f.queue->give_back("r1", ids_of({0}));
    CHECK(f.depth().waiting == f.kCapacity + 1);
    CHECK(f.push("a", {5001})[0].error().code == Code::kFull);
    CHECK(f.pop(1) == Numbers{0});
  }
}

TEMPLATE_TEST_CASE("queue: a push needs no callback, and an empty one is answered", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  f.queue->push({{id_of(1), Lane{.action = "a"}}}, nullptr);
  CHECK(f.pop(10) == Numbers{1});
  CHECK(f.push("a", {}).empty());
}

TEMPLATE_TEST_CASE("queue: a pop waits until something is pushed", "[queue]", QUEUES) {
  Fixture<TestType> f;
  const auto pop = f.start_pop("r1", 10);
  f.executor.turn();
  CHECK(pop->answers == 0);
  f.push_all("a", {1, 2});
  f.finish(pop);
  CHECK(pop->got == Numbers{1, 2});
  CHECK(pop->answers == 1);
  CHECK(f.depth().delivered == 2);
}

TEMPLATE_TEST_CASE("queue: a pop wakes up for what is given back", "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1});
  CHECK(f.pop(1, "r1") == Numbers{1});
  const auto pop = f.start_pop("r2", 10);
  f.queue->give_back("r1", ids_of({1}));
  f.finish(pop);
  CHECK(pop->got == Numbers{1});
}

TEMPLATE_TEST_CASE("queue: runners share what there is, and each id goes to one of them", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  const auto first = f.start_pop("r1", 2);
  const auto second = f.start_pop("r2", 2);
  f.push_all("a", {1, 2, 3});
  f.finish(first);
  f.finish(second);
  std::set<uint32_t> all(first->got.begin(), first->got.end());
  all.insert(second->got.begin(), second->got.end());
  CHECK(all == std::set<uint32_t>{1, 2, 3});
  CHECK(first->got.size() + second->got.size() == 3);
}

TEMPLATE_TEST_CASE("queue: a second pop of the same runner is refused, and the first stays",
                   "[queue]", QUEUES) {
  Fixture<TestType> f;
  const auto first = f.start_pop("r1", 10);
  const auto second = f.start_pop("r1", 10);
  f.finish(second);
  REQUIRE(second->error);
  CHECK(second->error->code == Code::kRefused);
  CHECK(first->answers == 0);
  f.push_all("a", {1});
  f.finish(first);
  CHECK(first->got == Numbers{1});
}

TEMPLATE_TEST_CASE("queue: a pop of nothing is invalid", "[queue]", QUEUES) {
  Fixture<TestType> f;
  const auto pop = f.start_pop("r1", 0);
  f.finish(pop);
  REQUIRE(pop->error);
  CHECK(pop->error->code == Code::kInvalid);
}

TEMPLATE_TEST_CASE("queue: a runner may pop again from the answer to its pop", "[queue]", QUEUES) {
  Fixture<TestType> f;
  Numbers got;
  std::function<void(Result<std::vector<Uuid>>)> again = [&](Result<std::vector<Uuid>> result) {
    REQUIRE(result.ok());
    for (const uint32_t number : numbers_of(*result)) got.push_back(number);
    if (got.size() < 5) f.queue->pop("r1", 1, again);
  };
  f.queue->pop("r1", 1, again);
  f.push_all("a", {1, 2, 3, 4, 5});
  REQUIRE(f.executor.turn_until([&] { return got.size() == 5; }));
  CHECK(got == Numbers{1, 2, 3, 4, 5});
}

TEMPLATE_TEST_CASE("queue: stop_pop answers the waiting pop with no ids, once", "[queue]", QUEUES) {
  Fixture<TestType> f;
  const auto pop = f.start_pop("r1", 10);
  const auto other = f.start_pop("r2", 10);
  f.queue->stop_pop("r1");
  f.queue->stop_pop("r1");
  f.finish(pop);
  CHECK_FALSE(pop->error);
  CHECK(pop->got.empty());
  f.push_all("a", {1});
  f.finish(other);
  CHECK(other->got == Numbers{1});
  CHECK(pop->answers == 1);

  SECTION("and the runner may pop again") {
    f.push_all("a", {2});
    CHECK(f.pop(10, "r1") == Numbers{2});
  }
}

TEMPLATE_TEST_CASE("queue: stop_pop loses nothing that is pushed in the same moment", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  const auto pop = f.start_pop("r1", 10);
  f.queue->push({{id_of(1), Lane{.action = "a"}}}, nullptr);
  f.queue->stop_pop("r1");
  f.finish(pop);
  if (pop->got.empty()) {
    CHECK(f.pop(10, "r2") == Numbers{1});
  } else {
    CHECK(f.depth().delivered == 1);
  }
  CHECK(pop->answers == 1);
}

TEMPLATE_TEST_CASE("queue: what is given back comes first again, in its old order", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1, 2, 3, 4});
  CHECK(f.pop(3) == Numbers{1, 2, 3});
  f.queue->give_back("r1", ids_of({2, 3}));
  CHECK(f.depth().waiting == 3);
  CHECK(f.depth().delivered == 1);
  CHECK(f.pop(10) == Numbers{2, 3, 4});
}

TEMPLATE_TEST_CASE("queue: only the holder of a delivery can give it back", "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1, 2});
  CHECK(f.pop(1, "r1") == Numbers{1});
  f.queue->give_back("r2", ids_of({1}));
  f.queue->give_back("r1", ids_of({2, 77}));
  CHECK(f.depth().waiting == 1);
  CHECK(f.depth().delivered == 1);
  CHECK(f.pop(10, "r2") == Numbers{2});
}

TEMPLATE_TEST_CASE("queue: news reach the subscriber in their order, with their report", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  std::vector<Announcement> heard;
  f.queue->subscribe([&](std::span<const Announcement> news) {
    CHECK_FALSE(news.empty());
    heard.insert(heard.end(), news.begin(), news.end());
  });
  const auto report = std::make_shared<const Report>();
  f.queue->announce({{id_of(1), Announcement::Phase::kResult, report}, news_of(2)});
  f.queue->announce({news_of(3)});
  f.queue->announce({});
  REQUIRE(f.executor.turn_until([&] { return !heard.empty() && heard.back().id == id_of(3); }));
  // What is not durable yet is for one process, and may be dropped between several.
  if (heard.size() == 2)
    heard.insert(heard.begin(), {id_of(1), Announcement::Phase::kResult, nullptr});
  REQUIRE(heard.size() == 3);
  CHECK(heard[0].id == id_of(1));
  CHECK(heard[0].phase == Announcement::Phase::kResult);
  CHECK(heard[1].id == id_of(2));
  CHECK(heard[1].phase == Announcement::Phase::kDurable);
  CHECK(heard[2].id == id_of(3));
  // A report may be left out between processes; it is never another's.
  CHECK((heard[0].report == report || heard[0].report == nullptr));
}

TEMPLATE_TEST_CASE("queue: news without a subscriber are lost, not kept", "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.queue->announce({news_of(1)});
  f.settle();
  f.executor.turn();
  std::vector<uint32_t> heard;
  f.queue->subscribe([&](std::span<const Announcement> news) {
    for (const Announcement& one : news) heard.push_back(number_of(one.id));
  });
  f.queue->announce({news_of(2)});
  REQUIRE(f.executor.turn_until([&] { return !heard.empty(); }));
  CHECK(heard == Numbers{2});
}

TEMPLATE_TEST_CASE("queue: news announced while news are told come too", "[queue]", QUEUES) {
  Fixture<TestType> f;
  std::vector<uint32_t> heard;
  f.queue->subscribe([&](std::span<const Announcement> news) {
    for (const Announcement& one : news) heard.push_back(number_of(one.id));
    if (heard.size() == 1) f.queue->announce({news_of(2)});
  });
  f.queue->announce({news_of(1)});
  REQUIRE(f.executor.turn_until([&] { return heard.size() == 2; }));
  CHECK(heard == Numbers{1, 2});
}

TEMPLATE_TEST_CASE("queue: a paused action is passed over, keeps its place, and goes on", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1, 2, 3});
  f.push_all("b", {11});
  f.restrain("a", {.paused = true});
  CHECK(f.pop(10) == Numbers{11});
  const auto pop = f.start_pop("r1", 10);
  f.push_all("a", {4});
  f.settle();
  CHECK(pop->answers == 0);
  CHECK(f.depth().waiting == 4);
  f.restrain("a", {});
  f.finish(pop);
  CHECK(pop->got == Numbers{1, 2, 3, 4});
}

TEMPLATE_TEST_CASE("queue: an action at its cap waits until something of it is over", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  f.restrain("a", {.max_delivered = 2});
  f.push_all("a", {1, 2, 3, 4, 5});
  f.push_all(Lane{.action = "a", .priority = 9}, {31});
  f.push_all("b", {11, 12, 13});
  CHECK(f.pop(10) == Numbers{31, 1, 11, 12, 13});
  const auto pop = f.start_pop("r2", 10);
  f.settle();
  CHECK(pop->answers == 0);
  f.queue->acknowledge("r1", ids_of({31}));
  f.finish(pop);
  CHECK(pop->got == Numbers{2});
  f.queue->give_back("r1", ids_of({1}));
  CHECK(f.pop(10) == Numbers{1});
  f.restrain("a", {.max_delivered = 4});
  CHECK(f.pop(10) == Numbers{3, 4});
  f.restrain("a", {});
  CHECK(f.pop(10) == Numbers{5});
}

TEMPLATE_TEST_CASE("queue: a cap holds over all lanes and runners of an action together", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  f.restrain("a", {.max_delivered = 3});
  f.push_all("a", {1, 2});
  f.push_all(Lane{.queue = "q", .action = "a"}, {11, 12});
  f.push_all(Lane{.action = "a", .priority = 5}, {21, 22});
  f.push_all("b", {31});
  CHECK(f.pop(2, "r1") == Numbers{21, 22});
  CHECK(f.pop(10, "r2") == Numbers{1, 31});
  CHECK(f.rules().all == std::vector<ActionRule>{{"default", "a", {.max_delivered = 3}}});

  SECTION("what ends, is given back or rescued makes room, and nothing else does") {
    f.queue->acknowledge("r2", ids_of({31, 77, 2}));
    const auto pop = f.start_pop("r3", 10);
    f.settle();
    CHECK(pop->answers == 0);
    f.queue->acknowledge("r1", ids_of({21, 21}));
    f.finish(pop);
    CHECK(pop->got.size() == 1);
    f.leave("r1");
    CHECK(f.pop(10, "r4") == Numbers{22});
    f.leave("r3");
    CHECK(f.pop(10, "r4").size() == 1);
  }
  SECTION("a cap that is lowered takes nothing away, and holds once enough has ended") {
    f.restrain("a", {.max_delivered = 1});
    const auto pop = f.start_pop("r3", 10);
    f.queue->acknowledge("r1", ids_of({21, 22}));
    f.settle();
    CHECK(pop->answers == 0);
    f.queue->acknowledge("r2", ids_of({1}));
    f.finish(pop);
    CHECK(pop->got.size() == 1);
  }
  SECTION("a cap above what there is holds nothing back") {
    f.restrain("a", {.max_delivered = 10'000});
    CHECK(f.pop(10, "r3").size() == 3);
  }
  SECTION("a cap that is lifted lets all go") {
    f.restrain("a", {});
    CHECK(f.rules().all.empty());
    CHECK(f.pop(10, "r3").size() == 3);
  }
}

TEMPLATE_TEST_CASE("queue: an action that floods it delays another by one round, no more",
                   "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.queue = f.implementation.make(f.executor, 20'000);
  for (uint32_t i = 0; i < 10; ++i) f.push_all("flood", from_to(1 + i * 1'000, (i + 1) * 1'000));
  CHECK(f.pop(5).size() == 5);
  f.push_all("small", {50'000});
  const Numbers next = f.pop(2);
  CHECK(std::count(next.begin(), next.end(), 50'000) == 1);
  f.push_all("small", {50'001});
  f.push_all("other", {60'001});
  const Numbers after = f.pop(3);
  CHECK(std::count(after.begin(), after.end(), 50'001) == 1);
  CHECK(std::count(after.begin(), after.end(), 60'001) == 1);
}

TEMPLATE_TEST_CASE("queue: an action that fills it leaves the others their share of places",
                   "[queue]", QUEUES) {
  Fixture<TestType> f;
  REQUIRE(accepted(f.push("flood", from_to(1, 2'000))) == f.kCapacity);
  CHECK(f.push("flood", {2'001})[0].error().code == Code::kFull);
  f.push_all("small", {5'000});
  CHECK(accepted(f.push("small", from_to(5'001, 5'999))) == f.kCapacity / 8 / 2 - 1);
  CHECK(f.push("small", {6'000})[0].error().code == Code::kFull);
  CHECK(f.push("flood", {2'001})[0].error().code == Code::kFull);

  SECTION("however many there are, and the whole stays bounded") {
    for (uint32_t i = 0; i < 300; ++i) {
      INFO("action " << i);
      REQUIRE(accepted(f.push("action" + std::to_string(i),
                              from_to(10'000 + i * 100, 10'000 + i * 100 + 99))) >= 1);
    }
    CHECK(f.depth().waiting < 2 * f.kCapacity);
  }
  SECTION("also where the flood waits behind its cap") {
    f.restrain("flood", {.max_delivered = 1});
    CHECK(f.pop(3) == Numbers{1, 5'000, 5'001});
    CHECK(f.pop(1, "r2") == Numbers{5'002});
    CHECK(accepted(f.push("small", {7'000, 7'001, 7'002})) == 3);
  }
  SECTION("a batch of several actions is treated as its entries are") {
    std::vector<Entry> entries;
    for (uint32_t i = 0; i < 40; ++i) {
      entries.push_back({id_of(8'000 + i), Lane{.action = "flood"}});
      entries.push_back({id_of(9'000 + i), Lane{.action = "third"}});
    }
    const auto pushed = f.template ask<std::vector<Status>>(
        [&](auto done) { f.queue->push(std::move(entries), std::move(done)); });
    for (size_t i = 0; i < pushed.size(); i += 2) REQUIRE_FALSE(pushed[i].ok());
    CHECK(accepted(pushed) == 40);  // an eighth of 1000, for three
  }
}

TEMPLATE_TEST_CASE("queue: one that waits for its rules hands out nothing before", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  f.queue = f.implementation.make(f.executor, f.kCapacity, /*await_rules=*/true);
  CHECK_FALSE(f.rules().complete);
  f.push_all("a", {1, 2, 3});
  const auto pop = f.start_pop("r1", 10);
  f.restrain("a", {.max_delivered = 2});
  f.settle();
  CHECK(pop->answers == 0);
  f.rules_complete();
  f.finish(pop);
  CHECK(pop->got == Numbers{1, 2});
  CHECK(f.rules().complete);
  CHECK(f.depth().waiting == 1);
}

TEMPLATE_TEST_CASE("queue: it tells the rules as they were told to it", "[queue]", QUEUES) {
  Fixture<TestType> f;
  CHECK(f.rules().all.empty());
  const LaneRule rule{.paused = true, .max_delivered = 4'000'000'000};
  for (const auto& [ns, action] :
       {std::pair("de/fault", "a.b-c_D"), std::pair("", "100% \xc3\xa4")})
    REQUIRE(
        f.template ask<Status>([&](auto done) { f.queue->restrain(ns, action, rule, done); }).ok());
  auto all = f.rules().all;
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.ns < b.ns; });
  REQUIRE(all.size() == 2);
  CHECK(all[0] == ActionRule{"", "100% \xc3\xa4", rule});
  CHECK(all[1] == ActionRule{"de/fault", "a.b-c_D", rule});
}

TEMPLATE_TEST_CASE("queue: what a runner says that it holds counts, and is its own", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  f.restrain("a", {.max_delivered = 3});
  f.push_all("a", {1, 2, 3});
  f.push_all("b", {21});
  f.queue->hold("r1", {{id_of(7), Lane{.action = "a"}},
                       {id_of(8), Lane{.action = "a"}},
                       {id_of(1), Lane{.action = "a"}},
                       {id_of(21), Lane{.action = "b"}}});  // two of them wait, and wait no longer
  CHECK(f.depth().waiting == 2);
  CHECK(f.depth().delivered == 4);
  CHECK(f.push("a", {7})[0].ok());  // known
  const auto pop = f.start_pop("r2", 10);
  f.settle();
  CHECK(pop->answers == 0);
  f.queue->hold("r1", {{id_of(7), Lane{.action = "a"}}});  // again: no second time
  f.queue->acknowledge("r1", ids_of({7}));
  f.finish(pop);
  CHECK(pop->got == Numbers{2});
  f.queue->hold("r1", {{id_of(2), Lane{.action = "a"}}});  // r2's
  f.push_all("b", {22, 23});
  CHECK(f.pop(10, "r2") == Numbers{22, 23});
  f.queue->acknowledge("r2", ids_of({8, 2}));
  f.leave("r1");
  CHECK(f.depth().waiting == 4);
  CHECK(f.pop(10, "r2").size() == 4);
}

TEMPLATE_TEST_CASE("queue: a rule is for one action of one namespace", "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.restrain("a", {.paused = true});
  f.push_all(Lane{.ns = "other", .action = "a"}, {1});
  f.push_all(Lane{.queue = "q", .action = "a"}, {2});
  f.push_all("aa", {3});
  CHECK(f.pop(10) == Numbers{1, 3});
}

TEMPLATE_TEST_CASE("queue: runners are seen as they describe themselves, until they leave",
                   "[queue]", QUEUES) {
  Fixture<TestType> f;
  CHECK(f.runners().empty());
  RunnerInfo info;
  info.name = "r1";
  info.host = "here \"there\"";
  info.version = "1.2.3";
  info.since = WallTime(Millis(1'700'000'000'123));
  info.workers = 2;
  info.running = 7;
  f.queue->heartbeat(info);
  info.name = "r2";
  f.queue->heartbeat(info);
  info.running = 8;
  f.queue->heartbeat(info);

  auto seen = f.runners();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].name == "r1");
  CHECK(seen[0].host == "here \"there\"");
  CHECK(seen[0].version == "1.2.3");
  CHECK(seen[0].since == info.since);
  CHECK(seen[0].workers == 2);
  CHECK(seen[0].running == 7);
  CHECK(seen[0].last_heard >= Millis(0));
  CHECK(seen[1].running == 8);
  f.leave("r1");
  seen = f.runners();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].name == "r2");
}

TEMPLATE_TEST_CASE("queue: who leaves gives back what it holds, the oldest first", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1, 2, 3, 4});
  CHECK(f.pop(3) == Numbers{1, 2, 3});
  f.queue->acknowledge("r1", ids_of({2}));
  f.leave("r1");
  CHECK(f.depth().waiting == 3);
  CHECK(f.depth().delivered == 0);
  CHECK(f.pop(10, "r2") == Numbers{1, 3, 4});
  f.leave("nobody");
}

TEMPLATE_TEST_CASE("queue: nothing of a runner that is alive is rescued", "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1});
  CHECK(f.pop(1) == Numbers{1});
  const auto rescued = f.template ask<Result<size_t>>([&](auto done) { f.queue->rescue(done); });
  REQUIRE(rescued.ok());
  CHECK(*rescued == 0);
  CHECK(f.depth().delivered == 1);
}

TEMPLATE_TEST_CASE("queue: one leads, until it gives up", "[queue]", QUEUES) {
  Fixture<TestType> f;
  CHECK(f.lead("one"));
  CHECK_FALSE(f.lead("two"));
  CHECK(f.lead("one"));
  CHECK_FALSE(f.lead("two", Millis(0)));
  CHECK(f.lead("one", Millis(0)));
  CHECK(f.lead("two"));
  CHECK_FALSE(f.lead("one"));
}

TEMPLATE_TEST_CASE("queue: nothing is called back from inside a call", "[queue]", QUEUES) {
  Fixture<TestType> f;
  int calls = 0;
  f.queue->subscribe([&](std::span<const Announcement>) { ++calls; });
  f.queue->push({{id_of(1), Lane{.action = "a"}}}, [&](auto) { ++calls; });
  f.queue->pop("r1", 10, [&](auto) { ++calls; });
  f.queue->pop("r2", 10, [&](auto) { ++calls; });
  f.queue->pop("r2", 10, [&](auto) { ++calls; });
  f.queue->stop_pop("r2");
  f.queue->announce({news_of(1)});
  f.queue->depth([&](auto) { ++calls; });
  CHECK(calls == 0);
  REQUIRE(f.executor.turn_until([&] { return calls == 6; }));
}

TEMPLATE_TEST_CASE("queue: it may go while callbacks are still to come", "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.queue->subscribe([](std::span<const Announcement>) {});
  f.queue->pop("r1", 10, [](auto) {});
  f.queue->push({{id_of(1), Lane{.action = "a"}}}, [](auto) {});
  f.queue->announce({news_of(1)});
  f.queue->depth([](auto) {});
  f.queue.reset();
  f.executor.turn();
  SUCCEED();
}

TEMPLATE_TEST_CASE("queue: thousands of lanes come and go and nothing is lost or doubled",
                   "[queue]", QUEUES) {
  Fixture<TestType> f;
  std::set<uint32_t> seen;
  uint32_t next = 1;
  for (int round = 0; round < 20; ++round) {
    for (int lane = 0; lane < 150; ++lane) {
      f.push_all(Lane{.action = std::to_string(round * 100 + lane), .priority = lane % 3},
                 {next, next + 1});
      next += 2;
      if (lane % 3 != 0) continue;
      const Numbers got = f.pop(4);
      for (const uint32_t number : got) REQUIRE(seen.insert(number).second);
      f.queue->acknowledge("r1", ids_of(got));
    }
    while (f.depth().waiting > 0) {
      const Numbers got = f.pop(64);
      for (const uint32_t number : got) REQUIRE(seen.insert(number).second);
      f.queue->acknowledge("r1", ids_of(got));
    }
  }
  CHECK(seen.size() == next - 1);
  CHECK(f.depth().delivered == 0);
}
