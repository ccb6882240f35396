// Redis dies and comes back empty.
#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

TEST_CASE("fleet: kill -9 and restart of Redis under load") {
  Fleet fleet(Fleet::kRedis);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  fleet.start_runner();
  fleet.start_runner();
  Accepted accepted;
  std::thread client([&] { accepted.submit({api.url()}, 1'500); });
  for (const size_t after : {300u, 900u}) {
    REQUIRE(eventually([&] { return accepted.size() >= after; }));
    fleet.redis().kill_hard();
    fleet.redis().restart();
  }
  client.join();
  accepted.check_all(fleet);
  for (const auto& runner : fleet.runners) CHECK(runner->stop() == 0);
}

TEST_CASE("fleet: with Redis away a submission is told so, and the fleet recovers by itself") {
  Fleet fleet(Fleet::kRedis);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  fleet.start_runner();
  Http http(api.url());
  Accepted accepted;
  REQUIRE_FALSE(accepted.submit_one(http, "double", R"({"n":1})", "2").empty());
  accepted.check_all(fleet);

  fleet.redis().kill_hard();
  Reply refused;
  REQUIRE(eventually([&] {
    refused = http.post("/actions/double", R"({"n":2})");
    // Until the loss is noticed a job may still be accepted: it is recorded then.
    return refused.status == 503;
  }));
  CHECK(refused.header("retry-after") != "");
  CHECK(http.post("/actions/double/block", R"({"n":2})").status == 503);
  const Reply not_ready = http.get("/readyz");
  CHECK(not_ready.status == 503);
  CHECK(not_ready.body.find("edis") != std::string::npos);
  CHECK(http.get("/healthz").status == 200);

  fleet.redis().restart();
  CHECK(eventually([&] { return http.get("/readyz").status == 200; }));
  CHECK(eventually([&] { return http.post("/actions/double/block", R"({"n":4})").body == "8"; }));
}

TEST_CASE("fleet: with Redis frozen a submission is answered, not held") {
  Fleet fleet(Fleet::kRedis);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  Http http(api.url());
  fleet.redis().process().pause();
  // The client gives up only after a minute: that it gets an answer is what counts.
  CHECK(eventually([&] { return http.post("/actions/double", R"({"n":2})").status == 503; }));
  fleet.redis().process().resume();
  CHECK(eventually([&] { return http.get("/readyz").status == 200; }));
}

}  // namespace
}  // namespace sluice::test
