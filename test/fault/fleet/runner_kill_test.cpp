// A runner is killed at each of its steps. What it held comes to an end elsewhere.
#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

TEST_CASE("fleet: kill -9 of a runner in the middle of its jobs") {
  Fleet fleet;
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  Program& first = fleet.start_runner();
  Http http(api.url());
  Accepted accepted;
  for (int i = 0; i < 4; ++i)
    REQUIRE_FALSE(
        accepted.submit_one(http, "spin", payload(i, 1'500), std::to_string(2 * i)).empty());
  accepted.submit({api.url()}, 40);
  REQUIRE(eventually([&] { return fleet.count(State::kRunning) > 0; }));
  first.kill_hard();
  fleet.start_runner();
  accepted.check_all(fleet);
}

TEST_CASE("fleet: kill -9 of a runner after it took ids, before it claimed them") {
  Fleet fleet(Fleet::kMongo);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  TcpProxy network(fleet.mongo().port());
  const std::string& url = fleet.mongo_url();
  Program& first =
      fleet.start_runner({"--mongo", "mongodb://127.0.0.1:" + std::to_string(network.port()) +
                                         url.substr(url.rfind('/'))});
  Accepted accepted;
  accepted.submit({api.url()}, 10);
  accepted.check_all(fleet);

  // The network falls silent, so that the claim does not arrive; the runner does not know yet.
  RedisProbe probe(fleet);
  REQUIRE(eventually([&] {
    network.set(TcpProxy::Mode::kDrop);
    accepted.submit({api.url()}, 5);
    if (probe.delivered() > 0) return true;
    network.set(TcpProxy::Mode::kForward);
    return false;
  }));
  first.kill_hard();
  fleet.start_runner();
  accepted.check_all(fleet);
  CHECK(eventually([&] { return probe.delivered() == 0 && probe.waiting() == 0; }));
}

TEST_CASE("fleet: kill -9 of a runner between its result and its acknowledgement") {
  Fleet fleet(Fleet::kRedis, Fleet::kLongLease);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  Program& first = fleet.start_runner();
  Http http(api.url());
  Accepted accepted;
  // Redis stands still while it runs: the result is written, its acknowledgement is not heard.
  std::string id;
  REQUIRE(eventually([&] {
    id = accepted.submit_running(fleet, http, 1'000);
    fleet.redis().process().pause();
    const auto found = fleet.find(id);
    const bool runs = found.ok() && found->progress.state == State::kRunning;
    if (!runs) fleet.redis().process().resume();
    return runs;
  }));
  REQUIRE(eventually([&] {
    const auto found = fleet.find(id);
    return found.ok() && found->progress.state == State::kDone;
  }));
  first.kill_hard();
  fleet.redis().process().resume();
  RedisProbe probe(fleet);
  CHECK(probe.delivered() == 1);
  fleet.start_runner();
  CHECK(eventually([&] { return probe.delivered() == 0 && probe.waiting() == 0; }));
  accepted.check_all(fleet);
  CHECK(fleet.find(id)->progress.deliveries == 1);
}

}  // namespace
}  // namespace sluice::test
