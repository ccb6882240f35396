// A job that kills its worker each time.
#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

TEST_CASE(
    "fleet: a job that kills its worker three times ends dead with its reason, and all else goes "
    "on") {
  Fleet fleet(Fleet::kNothing, Fleet::kLongLease);
  HttpProgram& api = fleet.start_api();
  create_actions(api.url());
  Program& runner = fleet.start_runner();
  Http http(api.url());
  REQUIRE(http.create("endless", "function main() while true do end end", 60'000).status < 300);
  const std::string id = http.post("/actions/endless").invocation_id();

  // Whatever runs it is killed, as by the system when memory runs out; not what compiles it.
  const auto runs_jobs = [](const std::string& process) {
    return read_file(process + "/cmdline").find(std::string("\0run\0", 5)) != std::string::npos;
  };
  std::atomic<bool> over{false};
  std::thread killer([&] {
    while (!over) {
      for (const pid_t worker : runner.children()) {
        const std::string process = "/proc/" + std::to_string(worker);
        if (!runs_jobs(process)) continue;
        const std::string stat = read_file(process + "/stat");
        const size_t name = stat.rfind(") ");
        if (name != std::string::npos && stat[name + 2] == 'R') kill(worker, SIGKILL);
      }
      timespec pause{0, 20'000'000};
      nanosleep(&pause, nullptr);
    }
  });
  std::optional<Invocation> dead;
  const bool ended = eventually([&] {
    auto found = fleet.find(id);
    if (!found.ok() || !is_finished(found->progress.state)) return false;
    dead = *std::move(found);
    return true;
  });
  over = true;
  killer.join();
  REQUIRE(ended);
  CHECK(dead->progress.state == State::kDead);
  CHECK(dead->progress.outcome == Outcome::kDead);
  CHECK(dead->report->message.find("3 workers died") != std::string::npos);
  CHECK(dead->progress.history.size() == 3);

  Accepted accepted;
  accepted.submit({api.url()}, 50);
  accepted.check_all(fleet);
}

}  // namespace
}  // namespace sluice::test
