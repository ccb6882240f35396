#include "runner/attendance.h"

#include "test/unit/runner/world.h"

namespace sluice::test {
namespace {

std::vector<RunnerInfo> runners_of(World& world) {
  std::vector<RunnerInfo> all;
  world.queue.runners([&](Result<std::vector<RunnerInfo>> got) { all = *std::move(got); });
  world.executor.turn();
  return all;
}

TEST_CASE("a runner is seen with what it runs, until it goes") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner::Attendance attendance(world.queue, runner, world.log,
                                {.name = "local", .host = "here", .version = "1", .workers = 2});
  runner.start();
  CHECK(runners_of(world).empty());
  world.submit();
  attendance.tick();
  const auto seen = runners_of(world);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].host == "here");
  CHECK(seen[0].running == 1);

  bool told = false;
  attendance.leave([&] { told = true; });
  attendance.tick();
  world.executor.turn();
  CHECK(told);
  CHECK(runners_of(world).empty());
}

}  // namespace
}  // namespace sluice::test
