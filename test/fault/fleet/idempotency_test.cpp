// The same key, from everywhere at once.
#include <set>

#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

TEST_CASE("fleet: 100 concurrent submissions with the same idempotency key make one job") {
  Fleet fleet(Fleet::kNothing, Fleet::kLongLease);
  for (int i = 0; i < 2; ++i) fleet.start_api();
  create_actions(fleet.apis[0]->url());
  std::vector<std::thread> clients;
  std::mutex mutex;
  std::set<std::string> ids;
  int accepted = 0;
  for (int i = 0; i < 100; ++i) {
    clients.emplace_back([&, i] {
      Http http(fleet.apis[static_cast<size_t>(i % 2)]->url());
      const Reply reply =
          http.post("/actions/double", R"({"n":21})", {"Idempotency-Key: the same"});
      const std::lock_guard lock(mutex);
      accepted += reply.status == 202;
      ids.insert(reply.invocation_id());
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(accepted == 100);
  REQUIRE(ids.size() == 1);
  CHECK(fleet.count(State::kQueued) == 1);
  fleet.start_runner();
  Http http(fleet.apis[1]->url());
  CHECK(http.resolve(*ids.begin()).body == "42");
  CHECK(fleet.find(*ids.begin())->progress.deliveries == 1);
}

}  // namespace
}  // namespace sluice::test
