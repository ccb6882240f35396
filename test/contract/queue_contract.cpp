// What every Queue must do: lanes, deliveries, news.
#include "test/contract/queue_harness.h"

using namespace sluice;
using namespace sluice::test;

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
