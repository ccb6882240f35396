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
