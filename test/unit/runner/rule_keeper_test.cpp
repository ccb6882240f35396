#include "runner/rule_keeper.h"

#include "test/support/held_store.h"
#include "test/unit/runner/world.h"

namespace sluice::test {
namespace {

struct RulesWorld : World {
  void cap(const std::string& name, uint32_t cap, PutMode mode = PutMode::kCreate) {
    CodeRecord code;
    code.hash = code_hash_of(name + ".lua", name);
    Action action;
    action.name = name;
    action.code_hash = code.hash;
    action.max_concurrency = cap;
    bool put = false;
    store.put_action(mode, action, std::move(code),
                     [&](const Result<Action>& stored) { put = stored.ok(); });
    executor.turn();
    REQUIRE(put);
  }

  void remove(const std::string& name) {
    store.delete_action("default", name, [](const Status&) {});
    executor.turn();
  }

  void tick(Millis after = Millis(0)) {
    clock.advance(after);
    keeper.tick();
    executor.turn();
  }

  Rules rules() {
    Rules found;
    queue.rules([&](Result<Rules> result) { found = *std::move(result); });
    executor.turn();
    std::sort(found.all.begin(), found.all.end(),
              [](const auto& a, const auto& b) { return a.action < b.action; });
    return found;
  }

  static ActionRule rule(const std::string& action, uint32_t cap, bool paused = false) {
    return {"default", action, {paused, cap}};
  }

  using All = std::vector<ActionRule>;
  LocalQueue queue{executor, {.await_rules = true}};
  HeldStore held{store};
  int forgotten = 0;
  runner::RuleKeeperOptions keeper_options;
  runner::RuleKeeper keeper{held, queue, clock, log, keeper_options, [this] { ++forgotten; }};
};

TEST_CASE("a queue that knows nothing is told the caps, then hands out jobs") {
  RulesWorld world;
  world.cap("one", 1);
  world.cap("many", 9);
  world.cap("free", 0);
  world.tick();
  CHECK(world.rules().complete);
  CHECK(world.rules().all == RulesWorld::All{world.rule("many", 9), world.rule("one", 1)});
  CHECK(world.forgotten == 1);
}

TEST_CASE("what changed without the queue being told is found now and then") {
  RulesWorld world;
  for (const char* name : {"changed", "lifted", "gone"}) world.cap(name, 3);
  world.tick();
  world.cap("changed", 4, PutMode::kReplace);
  world.cap("lifted", 0, PutMode::kReplace);
  world.cap("new", 5);
  world.remove("gone");
  world.tick(world.keeper_options.pause - Millis(1));
  CHECK(world.rules().all.size() == 3);
  world.tick(Millis(1));
  CHECK(world.rules().all == RulesWorld::All{world.rule("changed", 4), world.rule("new", 5)});
  CHECK(world.forgotten == 1);
}

TEST_CASE("an action that is paused stays so, whatever its cap") {
  RulesWorld world;
  world.cap("a", 3);
  world.tick();
  world.queue.restrain("default", "a", {.paused = true, .max_delivered = 3}, nullptr);
  world.queue.restrain("default", "b", {.paused = true}, nullptr);
  world.cap("a", 0, PutMode::kReplace);
  world.tick(world.keeper_options.pause);
  CHECK(world.rules().all == RulesWorld::All{world.rule("a", 0, true), world.rule("b", 0, true)});
}

TEST_CASE("while the store is away the queue waits, and goes on when it is back") {
  RulesWorld world;
  world.cap("a", 3);
  world.held.refuse = Error{Code::kUnavailable, "store", "away"};
  world.tick();
  CHECK_FALSE(world.rules().complete);
  world.held.refuse.reset();
  world.tick();
  CHECK(world.rules().complete);
}

TEST_CASE("where runners share a queue they have a moment to say what they hold") {
  RulesWorld world;
  runner::RuleKeeperOptions options;
  options.settle = Millis(3'000);
  runner::RuleKeeper keeper(world.store, world.queue, world.clock, world.log, options,
                            [&] { ++world.forgotten; });
  const auto tick = [&] {
    keeper.tick();
    world.executor.turn();
  };
  SECTION("if there are caps") {
    world.cap("a", 1);
    tick();
    CHECK(world.rules().all.size() == 1);
    world.clock.advance(Millis(10'000));  // it is the queue that says how long ago it forgot
    tick();
    CHECK_FALSE(world.rules().complete);
    CHECK(world.forgotten == 2);
  }
  SECTION("if there are none nobody waits") {
    tick();
    CHECK(world.rules().complete);
  }
}

TEST_CASE("a runner says what runs at it to a queue that has forgotten") {
  World world;
  world.pool.capacity = 2;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid first = world.submit(), second = world.submit();
  CHECK(world.depth().delivered == 2);
  world.queue.acknowledge(world.options.name, {first, second});  // as if it had never known them
  CHECK(world.depth().delivered == 0);
  runner.declare();
  CHECK(world.depth().delivered == 2);
  world.pool.succeed("1");
  world.executor.turn();
  CHECK(world.depth().delivered == 1);
  world.pool.succeed("1");
  world.executor.turn();
  CHECK(world.depth().delivered == 0);
}

}  // namespace
}  // namespace sluice::test
