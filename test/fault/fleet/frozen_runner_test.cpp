// A runner that stands still past its lease, and goes on.
#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

TEST_CASE(
    "fleet: the late result of a runner that was frozen is refused, and the other one stands") {
  Fleet fleet(Fleet::kNothing, Millis(3'000));
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  Program& frozen = fleet.start_runner();
  Http http(api.url());
  Accepted accepted;
  std::string id;
  std::optional<Claim> first;
  REQUIRE(eventually([&] {
    id = accepted.submit_running(fleet, http, 1'000);
    frozen.pause();
    const auto found = fleet.find(id);
    if (found.ok() && found->progress.state == State::kRunning) first = found->progress.claim;
    if (!first) frozen.resume();  // it was faster: another one
    return first.has_value();
  }));

  fleet.start_runner();
  REQUIRE(eventually([&] {
    const auto found = fleet.find(id);
    return found.ok() && (is_finished(found->progress.state) ||
                          (found->progress.claim && found->progress.claim->token != first->token));
  }));
  accepted.check_all(fleet);
  frozen.resume();
  CHECK(frozen.log_has("was not accepted"));
  const auto after = fleet.find(id);
  CHECK(after->progress.deliveries == 2);
  CHECK(after->progress.attempt == 1);
  CHECK(after->progress.history.size() == 1);

  // It is a runner like any other again.
  fleet.runners.back()->stop();
  accepted.submit({api.url()}, 10);
  accepted.check_all(fleet);
}

TEST_CASE("fleet: a long job is not taken from a runner that lives") {
  Fleet fleet(Fleet::kNothing, Millis(2'000));
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  fleet.start_runner();
  fleet.start_runner();
  Http http(api.url());
  Accepted accepted;
  const std::string id = accepted.submit_one(http, "spin", payload(21, 6'000), "42");
  accepted.check_all(fleet);
  CHECK(fleet.find(id)->progress.deliveries == 1);  // three leases long
}

}  // namespace
}  // namespace sluice::test
