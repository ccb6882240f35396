// Plugins live in runners: jobs that wait for one, and a runner that goes.
#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

struct Plugged {
  explicit Plugged(Millis lease) : fleet(Fleet::kNothing, lease), api(fleet.start_api()) {
    Http asks(api.url());
    REQUIRE(asks.create("nap",
                        "function main(args)\n"
                        "  call('log', 'log', 'naps')\n"
                        "  call('sleep', 'sleep', {ms = args.ms})\n"
                        "  return args.n * 2\n"
                        "end",
                        60'000)
                .status < 300);
  }

  Program& start_runner(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--config", config});
    return fleet.start_runner(more);
  }

  // A job that `runner` has begun and that waits, or is about to.
  std::string napping(Program& runner, int ms) {
    Http http(api.url());
    const std::string id = accepted.submit_one(http, "nap", payload(21, ms), "42");
    REQUIRE_FALSE(id.empty());
    REQUIRE(runner.log_has("naps"));
    return id;
  }

  static std::string plugin(const std::string& name) {
    return "Plugin \"" + name + "\" { file = \"" SLUICE_BIN_DIR "/../test/plugins/" + name +
           ".so\" }\n";
  }

  const TempFolder folder;
  const std::string config = folder.write("config.lua", plugin("log") + plugin("sleep"));
  Fleet fleet;
  HttpProgram& api;
  Accepted accepted;
};

TEST_CASE("fleet: a job that waits for a plugin when its runner is killed ends elsewhere") {
  Plugged at(Millis(1'000));
  Program& first = at.start_runner();
  const std::string id = at.napping(first, 2'000);
  first.kill_hard();
  at.start_runner();
  at.accepted.check_all(at.fleet);
  CHECK(at.fleet.find(id)->progress.deliveries >= 2);
}

TEST_CASE("fleet: a runner that is told to end lets jobs wait for their plugins while it may") {
  Plugged at(Fleet::kLongLease);
  SECTION("it has the time") {
    Program& first = at.start_runner({"--grace", "60000"});
    at.napping(first, 1'500);
    CHECK(first.stop() == 0);
    at.accepted.check_all(at.fleet);  // nobody else is there
  }
  SECTION("it has not, and hands them back") {
    Program& first = at.start_runner({"--grace", "100"});
    const std::string id = at.napping(first, 20'000);
    CHECK(first.stop() == 0);
    const auto back = at.fleet.find(id);
    CHECK(back->progress.state == State::kQueued);
    CHECK(back->progress.attempt == 0);
  }
}

}  // namespace
}  // namespace sluice::test
