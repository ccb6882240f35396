// Redis forgets everything in the middle of the work.
#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

TEST_CASE("fleet: FLUSHALL in the middle of 5,000 jobs loses none") {
  Fleet fleet(Fleet::kRedis);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  Accepted accepted;
  std::thread client([&] { accepted.submit({api.url()}, 5'000, 16); });
  REQUIRE(eventually([&] { return accepted.size() > 1'000; }));
  fleet.start_runner();
  RedisProbe probe(fleet);
  for (const size_t after : {1'500u, 3'000u, 4'500u}) {
    REQUIRE(eventually([&] { return accepted.size() >= after; }));
    probe.flush_all();
  }
  client.join();
  CHECK(accepted.size() == 5'000);
  accepted.check_all(fleet);
}

}  // namespace
}  // namespace sluice::test
