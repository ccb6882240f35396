// MongoDB goes and comes back with its data.
#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

TEST_CASE("fleet: MongoDB is stopped and started again under load") {
  Fleet fleet(Fleet::kMongo);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  fleet.start_runner();
  fleet.start_runner();
  Accepted accepted;
  std::thread client([&] { accepted.submit({api.url()}, 800); });
  REQUIRE(eventually([&] { return accepted.size() >= 300; }));
  fleet.mongo().process().stop();
  fleet.mongo().restart();
  client.join();
  accepted.check_all(fleet);
}

TEST_CASE("fleet: with MongoDB away a submission is told so, and the fleet recovers by itself") {
  Fleet fleet(Fleet::kMongo);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  Program& runner = fleet.start_runner();
  Http http(api.url());
  REQUIRE(http.block("double", R"({"n":1})").body == "2");

  fleet.mongo().process().stop();
  const Reply refused = http.post("/actions/double", R"({"n":2})");
  CHECK(refused.status == 503);
  CHECK(refused.header("retry-after") != "");
  CHECK(http.get("/readyz").status == 503);
  CHECK(http.get("/invocations/01999999-9999-7999-8999-999999999999").status == 503);
  CHECK(http.create("other", "function main() end").status == 503);

  fleet.mongo().restart();
  CHECK(eventually([&] { return http.get("/readyz").status == 200; }));
  CHECK(eventually([&] { return http.block("double", R"({"n":4})").body == "8"; }));
  CHECK(runner.alive());
}

TEST_CASE("fleet: a result is kept while MongoDB is frozen, and written afterwards") {
  Fleet fleet(Fleet::kMongo);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  fleet.start_runner();
  Http http(api.url());
  Accepted accepted;
  accepted.submit_running(fleet, http, 500);
  fleet.mongo().process().pause();
  CHECK(eventually([&] { return http.post("/actions/double", R"({"n":2})").status == 503; }));
  fleet.mongo().process().resume();
  accepted.check_all(fleet);
}

}  // namespace
}  // namespace sluice::test
