// The cap of an action holds over the whole fleet, whatever fails.
#include "test/fault/fleet/fleet.h"
#include "test/support/overlap.h"

namespace sluice::test {
namespace {

void create_capped(const HttpProgram& api, int cap) {
  const std::string spin =
      "function main(args)\n"
      "  local begin = os.clock()\n"
      "  while (os.clock() - begin) * 1000 < args.ms do end\n"
      "  return args.n * 2\n"
      "end";
  Http http(api.url());
  REQUIRE(http.post("/actions", with_member(action_body("capped", spin), "max_concurrency", cap))
              .status == 200);
}

void submit(Accepted& accepted, const HttpProgram& api, int count, int ms) {
  Http http(api.url());
  for (int n = 0; n < count; ++n) {
    REQUIRE_FALSE(
        accepted.submit_one(http, "capped", payload(n, ms), std::to_string(2 * n)).empty());
  }
}

size_t capped_at_once(Fleet& fleet, const Accepted& accepted) {
  std::vector<std::pair<WallTime, WallTime>> spans;
  for (const std::string& id : accepted.ids()) {
    const auto found = fleet.find(id);
    REQUIRE(found.ok());
    if (found->submission->action != "capped") continue;
    for (const Attempt& attempt : found->progress.history)
      spans.emplace_back(attempt.started_at, attempt.ended_at);
  }
  return most_at_once(spans);
}

TEST_CASE("fleet: an action never runs more often at a time than it may, on whichever runner") {
  const int cap = GENERATE(1, 2);
  Fleet fleet(Fleet::kNothing, Fleet::kLongLease);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  create_capped(api, cap);
  for (int i = 0; i < 3; ++i) fleet.start_runner();
  Accepted accepted;
  std::thread flood([&] { submit(accepted, api, 200, 3); });
  accepted.submit({api.url()}, 200, 2);  // others go on
  flood.join();
  accepted.check_all(fleet);
  CHECK(capped_at_once(fleet, accepted) <= static_cast<size_t>(cap));
}

TEST_CASE("fleet: the places of a runner that is killed are free again") {
  Fleet fleet(Fleet::kNothing, Millis(3'000));
  HttpProgram& api = fleet.start_api();
  create_capped(api, 1);
  Program& first = fleet.start_runner();
  Accepted accepted;
  Http http(api.url());
  accepted.submit_running(fleet, http, 1'000, "capped");
  submit(accepted, api, 10, 5);
  first.kill_hard();
  fleet.start_runner();
  accepted.check_all(fleet);
  CHECK(capped_at_once(fleet, accepted) == 1);
}

TEST_CASE("fleet: a cap holds while Redis forgets everything, what runs included") {
  Fleet fleet(Fleet::kRedis, Fleet::kLongLease);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  create_capped(api, 1);
  fleet.start_runner();
  fleet.start_runner();
  Accepted accepted;
  Http http(api.url());
  accepted.submit_running(fleet, http, 6'000, "capped");
  submit(accepted, api, 20, 5);
  RedisProbe(fleet).flush_all();
  accepted.submit({api.url()}, 50);
  accepted.check_all(fleet);
  CHECK(capped_at_once(fleet, accepted) == 1);
}

}  // namespace
}  // namespace sluice::test
