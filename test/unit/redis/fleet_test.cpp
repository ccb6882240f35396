// What processes do to each other through one Redis: rescue, wake-ups, lanes held back.
#include <algorithm>

#include "test/unit/redis/world.h"

using namespace sluice;
using namespace sluice::test;

namespace {

// Made before its queue is ready to rescue is over, which takes `dead_after` from its connection.
RedisQueueOptions rescuer(const SharedFleet& fleet) {
  RedisQueueOptions options = Member::options_of(fleet.url, fleet.prefix);
  options.dead_after = Millis(1);
  return options;
}

std::string key(const SharedFleet& fleet, const std::string& name) {
  return "{" + fleet.prefix + "}:" + name;
}

}  // namespace

TEST_CASE("redis queue: two rescuers at once rescue once, in the old order") {
  SharedFleet fleet;
  Member holder(fleet.url, fleet.prefix), first(rescuer(fleet)), second(rescuer(fleet));
  REQUIRE(holder.push("a", {1, 2, 3}).ok());
  REQUIRE(holder.push("b", {11}).ok());
  REQUIRE(holder.pop("gone", 10) == Numbers{1, 11, 2, 3});
  REQUIRE(first.eventually([&] { return first.rescue() == 0; }));  // it lives
  CHECK(holder.depth().delivered == 4);

  for (int round = 0; round < 20; ++round) {
    REQUIRE(say(fleet.url, {"DEL", key(fleet, "alive:gone")}) == "1");
    std::optional<size_t> rescued[2];
    first.queue->rescue([&](Result<size_t> got) { rescued[0] = got.ok() ? *got : 999; });
    second.queue->rescue([&](Result<size_t> got) { rescued[1] = got.ok() ? *got : 999; });
    REQUIRE(first.executor.turn_until([&] { return rescued[0].has_value(); }));
    REQUIRE(second.executor.turn_until([&] { return rescued[1].has_value(); }));
    REQUIRE(*rescued[0] + *rescued[1] == 4);
    REQUIRE((*rescued[0] == 0 || *rescued[1] == 0));
    const Depth depth = holder.depth();
    REQUIRE(depth.waiting == 4);
    REQUIRE(depth.delivered == 0);
    Numbers again = holder.pop("gone", 10);
    REQUIRE(again.size() == 4);
    std::erase(again, 11);  // of another lane
    REQUIRE(again == Numbers{1, 2, 3});
  }
}

TEST_CASE("redis queue: who has just come back does not take the others for dead") {
  SharedFleet fleet;
  Member holder(fleet.url, fleet.prefix);
  RedisQueueOptions options = Member::options_of(fleet.url, fleet.prefix);
  options.dead_after = Millis(3'600'000);
  Member newcomer(options);
  REQUIRE(holder.push("a", {1}).ok());
  REQUIRE(holder.pop("gone", 1) == Numbers{1});
  REQUIRE(say(fleet.url, {"DEL", key(fleet, "alive:gone")}) == "1");
  CHECK(newcomer.rescue() == 0);
  CHECK(holder.depth().delivered == 1);
}

TEST_CASE("redis queue: what a rescued runner says late changes nothing") {
  SharedFleet fleet;
  Member holder(fleet.url, fleet.prefix), other(rescuer(fleet));
  REQUIRE(holder.push("a", {1, 2}).ok());
  REQUIRE(holder.pop("frozen", 2) == Numbers{1, 2});
  REQUIRE(say(fleet.url, {"DEL", key(fleet, "alive:frozen")}) == "1");
  REQUIRE(other.eventually([&] { return other.rescue() == 2; }));
  REQUIRE(other.pop("r2", 1) == Numbers{1});
  holder.queue->acknowledge("frozen", ids_of({1, 2}));
  holder.queue->give_back("frozen", ids_of({1, 2}));
  const Depth depth = holder.depth();
  CHECK(depth.waiting == 1);
  CHECK(depth.delivered == 1);
}

// Whoever sleeps sends one BLPOP a second. Three of them after the last push, less the token that
// one of them may find, are two seconds; who is busy sends them in no time.
TEST_CASE("redis queue: lanes that are paused or at their cap keep no runner busy") {
  SharedFleet fleet;
  Member one(fleet.url, fleet.prefix), two(fleet.url, fleet.prefix);
  one.restrain("paused", {.paused = true});
  one.restrain("capped", {.max_delivered = 1});
  REQUIRE(one.push("capped", {1, 2, 3}).ok());
  REQUIRE(one.push("paused", {11, 12, 13}).ok());
  REQUIRE(one.pop("r1", 10) == Numbers{1});

  const auto first = one.start_pop("r1", 10);
  const auto second = two.start_pop("r2", 10);
  REQUIRE(one.push("paused", {14}).ok());
  const auto start = std::chrono::steady_clock::now();
  const int before_one = one.sent("BLPOP"), before_two = two.sent("BLPOP");
  REQUIRE(one.eventually(
      [&] { return one.sent("BLPOP") >= before_one + 4 && two.sent("BLPOP") >= before_two + 4; }));
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::seconds(2));
  CHECK_FALSE(first->answered);
  CHECK_FALSE(second->answered);

  // They are not asleep to everything.
  one.queue->acknowledge("r1", ids_of({1}));
  REQUIRE(one.eventually([&] {
    two.executor.turn();
    return first->answered || second->answered;
  }));
  const Numbers got = first->answered ? first->got : second->got;
  CHECK(got == Numbers{2});
}

TEST_CASE("redis queue: whoever takes and leaves something wakes the next") {
  SharedFleet fleet;
  Member member(fleet.url, fleet.prefix);
  REQUIRE(member.push("a", {1, 2, 3}).ok());
  CHECK(say(fleet.url, {"LLEN", key(fleet, "wake")}) == "1");
  for (const char* left : {"1", "1", "0"}) {
    say(fleet.url, {"DEL", key(fleet, "wake")});
    REQUIRE(member.pop("r1", 1).size() == 1);
    CHECK(say(fleet.url, {"LLEN", key(fleet, "wake")}) == left);
  }
}

TEST_CASE("redis queue: there is one wake-up token at most, however much is pushed") {
  SharedFleet fleet;
  Member member(fleet.url, fleet.prefix);
  for (uint32_t i = 0; i < 50; ++i) REQUIRE(member.push("a", {i}).ok());
  CHECK(say(fleet.url, {"LLEN", key(fleet, "wake")}) == "1");
}

TEST_CASE("redis queue: one push wakes runners of many processes, and each gets its own") {
  SharedFleet fleet;
  Member pusher(fleet.url, fleet.prefix);
  std::vector<std::unique_ptr<Member>> members;
  std::vector<std::shared_ptr<Member::Pop>> pops;
  for (int i = 0; i < 5; ++i) {
    members.push_back(std::make_unique<Member>(fleet.url, fleet.prefix));
    pops.push_back(members.back()->start_pop("r" + std::to_string(i), 1));
  }
  for (const auto& member : members)
    REQUIRE(member->eventually([&] { return member->sent("BLPOP") > 0; }));
  REQUIRE(pusher.push("a", {1, 2, 3, 4, 5}).ok());
  Numbers all;
  for (size_t i = 0; i < members.size(); ++i) {
    const Numbers got = members[i]->finish(pops[i]);
    REQUIRE(got.size() == 1);
    all.push_back(got[0]);
  }
  std::sort(all.begin(), all.end());
  CHECK(all == Numbers{1, 2, 3, 4, 5});
}

TEST_CASE("redis queue: a runner that comes while another of its process sleeps is served") {
  SharedFleet fleet;
  Member member(fleet.url, fleet.prefix);
  const auto first = member.start_pop("r1", 1);
  REQUIRE(member.eventually([&] { return member.sent("BLPOP") > 0; }));
  const auto second = member.start_pop("r2", 1);
  REQUIRE(member.push("a", {1, 2}).ok());
  CHECK(member.finish(first).size() == 1);
  CHECK(member.finish(second).size() == 1);
}

TEST_CASE("redis queue: one of several processes leads") {
  SharedFleet fleet;
  Member one(fleet.url, fleet.prefix), two(fleet.url, fleet.prefix);
  const auto lead = [](Member& member, const std::string& who, Millis lease) {
    return member.ask<bool>(
        [&](auto done) { member.queue->lead("sweep", who, lease, std::move(done)); });
  };
  CHECK(lead(one, "one", Millis(60'000)));
  CHECK_FALSE(lead(two, "two", Millis(60'000)));
  CHECK(lead(one, "one", Millis(60'000)));
  // Its lease ends by Redis's clock.
  REQUIRE(say(fleet.url, {"PEXPIRE", key(fleet, "lead:sweep"), "1"}) == "1");
  CHECK(two.eventually([&] { return lead(two, "two", Millis(60'000)); }));
  CHECK_FALSE(lead(one, "one", Millis(60'000)));
  CHECK_FALSE(lead(one, "one", Millis(0)));  // not its own to give up
  CHECK(lead(two, "two", Millis(0)));
  CHECK(lead(one, "one", Millis(60'000)));
}
