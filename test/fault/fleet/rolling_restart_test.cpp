// Everything is restarted in turn, as an upgrade does it.
#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

TEST_CASE(
    "fleet: SIGTERM of everything in turn, under load, loses nothing and runs nothing twice") {
  Fleet fleet(Fleet::kNothing, Fleet::kLongLease);
  for (int i = 0; i < 2; ++i) fleet.start_api();
  create_actions(fleet.apis[0]->url());
  for (int i = 0; i < 3; ++i) fleet.start_runner();
  Accepted accepted;
  std::atomic<bool> over{false};
  std::mutex mutex;
  std::vector<std::string> urls = {fleet.apis[0]->url(), fleet.apis[1]->url()};
  std::thread client([&] {
    while (!over) {
      std::vector<std::string> now;
      {
        const std::lock_guard lock(mutex);
        now = urls;
      }
      accepted.submit(now, 40, 4);
    }
  });

  for (size_t i = 0; i < 3; ++i) {
    const size_t before = accepted.size();
    CHECK(fleet.runners[i]->stop() == 0);
    fleet.start_runner();
    CHECK(eventually([&] { return accepted.size() > before + 80; }));
  }
  for (size_t i = 0; i < 2; ++i) {
    const size_t before = accepted.size();
    HttpProgram& fresh = fleet.start_api();
    {
      const std::lock_guard lock(mutex);
      urls[i] = fresh.url();
    }
    CHECK(fleet.apis[i]->stop() == 0);
    CHECK(eventually([&] { return accepted.size() > before + 80; }));
  }
  over = true;
  client.join();
  accepted.check_all(fleet);
  // Nobody was cut: each job was run once.
  for (const std::string& id : accepted.ids()) REQUIRE(fleet.find(id)->progress.attempt == 1);
}

TEST_CASE("fleet: a runner that is told to end hands back what it cannot finish") {
  Fleet fleet(Fleet::kNothing, Fleet::kLongLease);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  Program& first = fleet.start_runner({"--grace", "100"});
  Http http(api.url());
  Accepted accepted;
  const std::string id = accepted.submit_running(fleet, http, 5'000);
  for (int i = 0; i < 5; ++i) accepted.submit_one(http, "double", R"({"n":1})", "2");
  CHECK(first.stop() == 0);
  const auto back = fleet.find(id);
  CHECK(back->progress.state == State::kQueued);  // at once: not when its lease is over
  CHECK(back->progress.attempt == 0);
  fleet.start_runner();
  accepted.check_all(fleet);
}

}  // namespace
}  // namespace sluice::test
