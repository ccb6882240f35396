// What every Queue must do: rules for actions, and places shared fairly.
#include "test/contract/queue_harness.h"

using namespace sluice;
using namespace sluice::test;

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

TEMPLATE_TEST_CASE("queue: a runner takes of the others, passing over actions that it names",
                   "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", from_to(1, 5));
  f.push_all(Lane{.action = "a", .priority = 9}, {6, 7});
  f.push_all("b", {11, 12});
  f.push_all("c", {21, 22});
  f.push_all(Lane{.ns = "elsewhere", .action = "a"}, {31});
  CHECK(f.pop_others(2, {"a", "b"}) == Numbers{21, 31});
  Numbers others = f.pop_others(10, {"a"});
  std::sort(others.begin(), others.end());
  CHECK(others == Numbers{11, 12, 22});

  SECTION("none, at once, where there are no others") {
    CHECK(f.pop_others(10, {"a"}).empty());
    CHECK(f.pop_others(10, {"a", "b"}, "r2").empty());
    CHECK(f.pop(10, "r2") == Numbers{6, 7, 1, 2, 3, 4, 5});
    CHECK(f.pop_others(10, {}).empty());
  }
  SECTION("what was passed over keeps its order, and has its turn") {
    f.push_all("b", {13});
    CHECK(f.pop(3) == Numbers{6, 7, 1});
    const Numbers rest = f.pop(10);
    CHECK(rest.size() == 5);
    CHECK(std::set<uint32_t>(rest.begin(), rest.end()) == std::set<uint32_t>{2, 3, 4, 5, 13});
    CHECK(std::is_sorted(rest.begin(), std::find(rest.begin(), rest.end(), 13)));
  }
  SECTION("it holds what it took as what it popped") {
    CHECK(f.depth().delivered == 5);
    f.queue->acknowledge("r1", ids_of({11, 12, 21, 22}));
    f.queue->give_back("r1", ids_of({31}));
    f.settle();
    CHECK(f.depth().delivered == 0);
    CHECK(f.pop_others(10, {"a"}, "r2") == Numbers{31});
  }
  SECTION("rules hold") {
    f.push_all("b", {13, 14});
    f.restrain("b", {.max_delivered = 3});
    CHECK(f.pop_others(10, {"a"}) == Numbers{13});
    CHECK(f.pop_others(10, {"a"}).empty());
    f.restrain("b", {});
    CHECK(f.pop_others(10, {"a"}) == Numbers{14});
  }
  SECTION("while it waits for work it asks for none of others'") {
    f.pop(10);
    const auto waiting = f.start_pop("r1", 10);
    const auto second = f.start_pop_others("r1", 10, {"a"});
    f.finish(second);
    REQUIRE(second->error);
    CHECK(second->error->code == Code::kRefused);
    CHECK(f.pop_others(10, {"a"}, "r2").empty());  // another may
    f.push_all("b", {15});
    f.finish(waiting);
    CHECK(waiting->got == Numbers{15});
  }
  SECTION("none of nothing") {
    const auto pop = f.start_pop_others("r1", 0, {});
    f.finish(pop);
    REQUIRE(pop->error);
    CHECK(pop->error->code == Code::kInvalid);
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
  CHECK(f.pop_others(10, {}, "r2").empty());
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
