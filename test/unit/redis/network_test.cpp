// What lies between us and Redis: a cluster that sends us elsewhere, silence, answers that get
// lost.
#include <algorithm>

#include "test/support/databases.h"
#include "test/unit/redis/fake_servers.h"
#include "test/unit/redis/world.h"

using namespace sluice;
using namespace sluice::test;

TEST_CASE("redis network: MOVED means to go there, also for who waits") {
  RedisServer redis;
  MovedServer node(redis.port());
  Member member(node.url(), "fleet"), there(redis.url(), "fleet");
  const auto pop = member.start_pop("r1", 10);
  REQUIRE(member.eventually([&] { return member.push("a", {1}).ok(); }));
  CHECK(member.finish(pop) == Numbers{1});
  CHECK(there.depth().delivered == 1);
  const int redirected = node.redirected();
  CHECK(redirected > 0);
  for (uint32_t i = 2; i < 20; ++i) REQUIRE(member.push("a", {i}).ok());
  CHECK(node.redirected() == redirected);  // once there, it stays there
  CHECK(there.depth().waiting == 18);
}

TEST_CASE("redis network: when the node that it was sent to dies, it begins where it was told to") {
  RedisServer first, second;
  auto node = std::make_unique<MovedServer>(first.port());
  Member member(node->url(), "fleet");
  REQUIRE(member.eventually([&] { return member.push("a", {1}).ok(); }));
  const int before = node->redirected();
  first.kill_hard();
  REQUIRE(member.eventually([&] { return !member.push("a", {2}).ok(); }));
  first.restart();
  REQUIRE(member.eventually([&] { return member.push("a", {3}).ok(); }));
  CHECK(node->redirected() > before);
}

// What must be said is tried again and again, but not without a pause: the pauses before the
// eighth time, each at least half of what it may be, add up to more than a second.
TEST_CASE("redis network: nodes that send us round in a circle are asked at leisure") {
  MovedServer one, two(one.port());
  one.send_to(two.port());
  Member member(one.url(), "fleet");
  const auto start = std::chrono::steady_clock::now();
  member.queue->acknowledge("r1", ids_of({1}));
  REQUIRE(member.eventually([&] { return one.redirected() + two.redirected() >= 8; }));
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::seconds(1));
  const Status pushed = member.push("a", {1});
  REQUIRE_FALSE(pushed.ok());
  CHECK(pushed.error().code == Code::kUnavailable);
}

TEST_CASE("redis network: a MOVED to a node that is silent is no hang") {
  BlackHole hole;
  MovedServer node(hole.port());
  RedisQueueOptions options = Member::options_of(node.url(), "fleet");
  options.timeout = Millis(50);
  Member member(options);
  for (int i = 0; i < 3; ++i) CHECK(member.push("a", {1}).error().code == Code::kUnavailable);
}

TEST_CASE("redis network: silence is no hang: opening returns, and pushes are refused") {
  BlackHole hole;
  RedisQueueOptions options = Member::options_of(hole.url(), "fleet");
  options.timeout = Millis(100);
  Member member(options);
  CHECK_FALSE(member.queue->ready().ok());
  const Status pushed = member.push("a", {1});
  REQUIRE_FALSE(pushed.ok());
  CHECK(pushed.error().code == Code::kUnavailable);
  CHECK(member.ask_depth().error().code == Code::kUnavailable);

  SECTION("somebody who waits, listens and has something to say does not keep it from ending") {
    const auto pop = member.start_pop("r1", 1);
    member.queue->subscribe([](std::span<const Announcement>) {});
    member.queue->acknowledge("r1", ids_of({1}));
    member.heartbeat("r1");
    member.queue->leave("r1", nullptr);
    member.queue.reset();
    member.executor.turn();
    CHECK_FALSE(pop->answered);
  }
  SECTION("a pop can be taken back") {
    const auto pop = member.start_pop("r1", 1);
    member.queue->stop_pop("r1");
    CHECK(member.finish(pop).empty());
  }
  SECTION("leaving is answered") {
    bool left = false;
    member.queue->leave("r1", [&] { left = true; });
    CHECK(member.executor.turn_until([&] { return left; }));
  }
}

TEST_CASE("redis network: a queue ends while Redis is gone, with all its threads at work") {
  RedisServer redis;
  Member member(redis.url());
  REQUIRE(member.push("a", {1}).ok());
  REQUIRE(member.pop("r1", 1) == Numbers{1});
  member.queue->subscribe([](std::span<const Announcement>) {});
  const auto pop = member.start_pop("r1", 1);
  REQUIRE(member.eventually([&] { return member.sent("BLPOP") > 0; }));
  redis.kill_hard();
  member.queue->acknowledge("r1", ids_of({1}));
  member.queue.reset();
  member.executor.turn();
  CHECK_FALSE(pop->answered);
}

TEST_CASE("redis network: what was said before the end arrives") {
  RedisServer redis;
  Member watcher(redis.url(), "fleet");
  {
    Member member(redis.url(), "fleet");
    REQUIRE(member.push("a", {1, 2}).ok());
    REQUIRE(member.pop("r1", 10) == Numbers{1, 2});
    member.queue->acknowledge("r1", ids_of({1}));
    member.queue->give_back("r1", ids_of({2}));
  }
  CHECK(watcher.depth().waiting == 1);
  CHECK(watcher.depth().delivered == 0);
}

TEST_CASE("redis network: ids whose answer was lost come with a later pop, once") {
  RedisServer redis;
  LosingProxy proxy(redis.port());
  Member member(proxy.url(), "fleet"), watcher(redis.url(), "fleet");
  REQUIRE(member.push("a", {1, 2, 3}).ok());
  REQUIRE(member.pop("runner", 1) == Numbers{1});

  // Its name stands alone in `take` only.
  proxy.lose_answer_to("\r\n$6\r\nrunner\r\n");
  CHECK(member.pop("runner", 2) == Numbers{2, 3});
  CHECK(proxy.lost() == 1);
  CHECK(watcher.depth().waiting == 0);
  CHECK(watcher.depth().delivered == 3);

  member.queue->acknowledge("runner", ids_of({1, 2, 3}));
  REQUIRE(member.eventually([&] { return watcher.depth().delivered == 0; }));
}

TEST_CASE(
    "redis network: ids whose answer was lost to a pop that is taken back come with the next") {
  RedisServer redis;
  LosingProxy proxy(redis.port());
  Member member(proxy.url(), "fleet"), watcher(redis.url(), "fleet");
  REQUIRE(member.push("a", {1, 2}).ok());
  proxy.lose_answer_to("\r\n$6\r\nrunner\r\n");
  const auto pop = member.start_pop("runner", 2);
  REQUIRE(member.eventually([&] { return proxy.lost() == 1; }));
  member.queue->stop_pop("runner");
  Numbers all = member.finish(pop);
  while (all.size() < 2) {
    const Numbers more = member.pop("runner", 1);
    all.insert(all.end(), more.begin(), more.end());
  }
  std::sort(all.begin(), all.end());
  CHECK(all == Numbers{1, 2});
  CHECK(watcher.depth().delivered == 2);
}

TEST_CASE("redis network: a push whose answer was lost may be said again, and is there once") {
  RedisServer redis;
  LosingProxy proxy(redis.port());
  Member member(proxy.url(), "fleet"), watcher(redis.url(), "fleet");
  proxy.lose_answer_to("0/default/default/marked");
  const Status pushed = member.push("marked", {1});
  REQUIRE_FALSE(pushed.ok());
  CHECK(pushed.error().code == Code::kUnavailable);
  CHECK(watcher.depth().waiting == 1);
  REQUIRE(member.eventually([&] { return member.push("marked", {1}).ok(); }));
  CHECK(watcher.depth().waiting == 1);
}
