// Several runners notice the same death.
#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

TEST_CASE("fleet: two rescuers at once rescue once") {
  Fleet fleet;
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  Accepted accepted;
  accepted.submit({api.url()}, 300);
  // One that has taken much and stands still, and is then killed.
  Program& first = fleet.start_runner({"--prefetch", "300"});
  RedisProbe probe(fleet);
  REQUIRE(eventually([&] { return probe.delivered() > 0; }));
  first.pause();
  fleet.start_runner();
  fleet.start_runner();
  fleet.start_runner();
  first.kill_hard();
  accepted.check_all(fleet);
  REQUIRE(eventually([&] { return probe.delivered() == 0 && probe.waiting() == 0; }));
  // What was held was counted once by whoever took it back.
  size_t rescues = 0;
  for (const auto& runner : fleet.runners) {
    const std::string log = runner.get() == &first ? "" : runner->log();
    for (size_t at = log.find("Took back"); at != std::string::npos;
         at = log.find("Took back", at + 1))
      ++rescues;
  }
  CHECK(rescues <= 1);
}

}  // namespace
}  // namespace sluice::test
