#include "runner/sweeper.h"

#include "test/support/held_store.h"
#include "test/unit/runner/world.h"

namespace sluice::test {
namespace {

runner::SweeperOptions options(size_t page, size_t pages_a_tick, size_t expire_step) {
  runner::SweeperOptions options;
  options.page = page;
  options.pages_a_tick = pages_a_tick;
  options.expire_step = expire_step;
  return options;
}

TEST_CASE("what the queue forgot comes back") {
  World world;
  runner::Sweeper sweeper(world.store, world.queue, world.clock, world.log, options(10, 2, 10));
  for (int i = 0; i < 55; ++i) world.submit(world.submission(), /*push=*/false);
  CHECK(world.depth().waiting == 0);
  sweeper.tick();
  world.executor.turn();
  CHECK(world.depth().waiting >= 20);  // the queue was low, so the pages followed each other
  sweeper.tick();
  world.executor.turn();
  sweeper.tick();
  world.executor.turn();
  CHECK(world.depth().waiting == 55);
  sweeper.tick();
  world.executor.turn();
  CHECK(world.depth().waiting == 55);
}

TEST_CASE("of two sweepers one sweeps, the other when the first has stopped") {
  World world;
  runner::SweeperOptions first_options, second_options;
  first_options.who = "first";
  second_options.who = "second";
  runner::Sweeper first(world.store, world.queue, world.clock, world.log, first_options);
  runner::Sweeper second(world.store, world.queue, world.clock, world.log, second_options);
  first.tick();
  world.executor.turn();
  world.submit(world.submission(), /*push=*/false);
  second.tick();
  world.executor.turn();
  CHECK(world.depth().waiting == 0);
  first.stop();
  second.tick();
  world.executor.turn();
  CHECK(world.depth().waiting == 1);
}

TEST_CASE("a sweeper that cannot reach the store leaves the sweeping to another") {
  World world;
  HeldStore cut_off(world.store);
  runner::SweeperOptions first_options, second_options;
  first_options.who = "first";
  second_options.who = "second";
  runner::Sweeper first(cut_off, world.queue, world.clock, world.log, first_options);
  runner::Sweeper second(world.store, world.queue, world.clock, world.log, second_options);
  first.tick();
  world.executor.turn();
  world.submit(world.submission(), /*push=*/false);
  cut_off.refuse = Error{Code::kUnavailable, "store", "away"};
  first.tick();
  second.tick();
  world.executor.turn();
  CHECK(world.depth().waiting == 1);
}

TEST_CASE("scheduled jobs come when they are due, not before") {
  World world;
  runner::Sweeper sweeper(world.store, world.queue, world.clock, world.log);
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit(world.submission("hello", Millis(5'000)), /*push=*/false);
  sweeper.tick();
  world.executor.turn();
  CHECK(world.pool.jobs.empty());
  CHECK(world.find(id).progress.state == State::kScheduled);
  world.clock.advance(Millis(5'000));
  sweeper.tick();
  world.executor.turn();
  CHECK(world.pool.jobs.size() == 1);
}

TEST_CASE("a full queue stops the sweep until there is room") {
  World world;
  LocalQueue small(world.executor, {.capacity = 25});
  runner::Sweeper sweeper(world.store, small, world.clock, world.log, options(10, 8, 10));
  std::vector<Uuid> ids;
  for (int i = 0; i < 60; ++i) ids.push_back(world.submit(world.submission(), /*push=*/false));

  std::vector<Uuid> seen;
  for (int round = 0; round < 20 && seen.size() < ids.size(); ++round) {
    sweeper.tick();
    world.executor.turn();
    std::vector<Uuid> popped;
    small.pop("r", 100, [&](Result<std::vector<Uuid>> got) { popped = *std::move(got); });
    world.executor.turn();
    small.stop_pop("r");
    world.executor.turn();
    CHECK(popped.size() <= 25);
    // What was popped is being run: claimed, so no longer due.
    world.store.claim(popped, Claim{world.ids.next(), "r", world.clock.wall()}, [](const auto&) {});
    world.executor.turn();
    small.acknowledge("r", popped);
    seen.insert(seen.end(), popped.begin(), popped.end());
  }
  std::sort(seen.begin(), seen.end());
  std::sort(ids.begin(), ids.end());
  CHECK(seen == ids);
}

TEST_CASE("behind an action that fills the queue, what others have due comes in one sweep") {
  World world;
  LocalQueue small(world.executor, {.capacity = 40});
  runner::SweeperOptions with = options(10, 2, 10);
  with.scout_a_tick = Millis(1'000);  // the clock stands still: to the end
  runner::Sweeper sweeper(world.store, small, world.clock, world.log, with);
  for (int i = 0; i < 500; ++i) world.submit(world.submission("flood"), /*push=*/false);
  std::vector<Uuid> others;
  for (int i = 0; i < 2; ++i) others.push_back(world.submit(world.submission("other"), false));
  for (int i = 0; i < 20; ++i) world.submit(world.submission("flood"), /*push=*/false);
  for (int i = 0; i < 4; ++i) {  // until the queue is full, and once more
    sweeper.tick();
    world.executor.turn();
  }
  std::vector<Uuid> got;
  small.pop("r", 4, [&](Result<std::vector<Uuid>> ids) { got = *std::move(ids); });
  world.executor.turn();
  REQUIRE(got.size() == 4);
  CHECK(got[1] == others[0]);
  CHECK(got[3] == others[1]);
}

TEST_CASE("the flooding action itself comes in its order, none left out") {
  World world;
  LocalQueue small(world.executor, {.capacity = 20});
  runner::SweeperOptions with = options(10, 2, 10);
  with.scout_a_tick = GENERATE(Millis(0), Millis(1'000));
  runner::Sweeper sweeper(world.store, small, world.clock, world.log, with);
  std::vector<Uuid> flood, other;
  for (int i = 0; i < 200; ++i) {
    flood.push_back(world.submit(world.submission("flood"), /*push=*/false));
    if (i % 7 == 0) other.push_back(world.submit(world.submission("other"), /*push=*/false));
    world.clock.advance(Millis(1));
  }
  std::vector<Uuid> got_flood, got_other;
  for (int round = 0; round < 500 && got_flood.size() + got_other.size() < 229; ++round) {
    sweeper.tick();
    world.executor.turn();
    std::vector<Uuid> got;
    small.pop("r", 3, [&](Result<std::vector<Uuid>> ids) { got = *std::move(ids); });
    world.executor.turn();
    small.stop_pop("r");
    world.executor.turn();
    world.store.claim(got, Claim{world.ids.next(), "r", world.clock.wall()}, [](const auto&) {});
    world.executor.turn();
    small.acknowledge("r", got);
    for (const Uuid& id : got) {
      const bool is_flood = world.find(id).submission->action == "flood";
      (is_flood ? got_flood : got_other).push_back(id);
    }
  }
  CHECK(got_flood == flood);
  CHECK(got_other == other);
}

TEST_CASE("finished records go when their time has come") {
  World world;
  runner::Sweeper sweeper(world.store, world.queue, world.clock, world.log, options(10, 2, 3));
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  std::vector<Uuid> ids;
  for (int i = 0; i < 8; ++i) {
    ids.push_back(world.submit());
    world.pool.succeed("1");
    world.executor.turn();
  }
  sweeper.tick();
  world.executor.turn();
  CHECK(world.find(ids[0]).progress.state == State::kDone);
  world.clock.advance(Millis(8 * 24 * 3'600'000ll));
  sweeper.tick();
  world.executor.turn();
  for (const Uuid& id : ids) {
    world.store.find(id, [](const Result<Invocation>& found) { CHECK_FALSE(found.ok()); });
    world.executor.turn();
  }
}

}  // namespace
}  // namespace sluice::test
