#include "runner/sweeper.h"

#include "test/unit/runner/world.h"

namespace sluice::test {
namespace {

TEST_CASE("what the queue forgot comes back") {
  World world;
  runner::Sweeper sweeper(world.store, world.queue, world.clock, world.log,
                          {.page = 10, .pages_a_tick = 2, .expire_step = 10});
  for (int i = 0; i < 55; ++i) world.submit(world.submission(), /*push=*/false);
  CHECK(world.depth().waiting == 0);
  sweeper.tick();
  world.executor.turn();
  CHECK(world.depth().waiting == 55);  // the queue is low, so the pages follow each other
  sweeper.tick();
  world.executor.turn();
  CHECK(world.depth().waiting == 55);
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
  runner::Sweeper sweeper(world.store, small, world.clock, world.log,
                          {.page = 10, .pages_a_tick = 8, .expire_step = 10});
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
  runner::Sweeper sweeper(world.store, world.queue, world.clock, world.log,
                          {.page = 10, .pages_a_tick = 2, .expire_step = 3});
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
