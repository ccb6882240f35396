// One action's slow jobs, and the others.
#include <catch2/catch.hpp>

#include "pool_fixture.h"

using namespace sluice::sandbox;
using sluice::Millis;
using sluice::Outcome;
using sluice::test::PoolFixture;

namespace {

const char* const kLoop = "function main() while true do end end";
const char* const kQuick = "function main() return 1 end";

Job endless(PoolFixture& fixture) {
  Job job = fixture.job(kLoop);
  job.action = "flood";
  job.timeout = Millis(600'000);
  return job;
}

Job quick(PoolFixture& fixture, const std::string& action) {
  Job job = fixture.job(kQuick);
  job.action = action;
  return job;
}

}  // namespace

TEST_CASE("An action that holds every worker does not keep another's job from running") {
  const size_t workers = GENERATE(1, 2);
  PoolFixture fixture(PoolFixture::defaults(workers));
  std::vector<PoolFixture::Slot> flood;
  for (size_t i = 0; i < 40 * workers; ++i) flood.push_back(fixture.run(endless(fixture)));
  REQUIRE(fixture.until([&] { return fixture.pool().stats().workers_busy == workers; }));
  for (int round = 0; round < 3; ++round) {
    const auto neighbour = fixture.run(quick(fixture, "neighbour"));
    REQUIRE(fixture.until([&] { return *neighbour != nullptr; }));
    CHECK((*neighbour)->report.result == "1");
  }
  // Two more, which do not know each other.
  const auto second = fixture.run(quick(fixture, "second"));
  const auto third = fixture.run(quick(fixture, "third"));
  REQUIRE(fixture.until([&] { return *second != nullptr && *third != nullptr; }));
  for (const auto& slot : flood) CHECK(*slot == nullptr);
}

TEST_CASE("A job that comes just behind those that take every worker does not wait for their end") {
  const size_t workers = GENERATE(1, 2);
  for (int round = 0; round < 10; ++round) {
    PoolFixture fixture(PoolFixture::defaults(workers));
    REQUIRE(fixture.until([&] { return fixture.pool().stats().workers_alive == workers + 1; }));
    std::vector<PoolFixture::Slot> flood;
    for (size_t i = 0; i < workers; ++i) flood.push_back(fixture.run(endless(fixture)));
    REQUIRE(fixture.until([&] { return fixture.pool().stats().jobs_offered == workers; }));
    const auto neighbour = fixture.run(quick(fixture, "neighbour"));
    REQUIRE(fixture.until([&] { return *neighbour != nullptr; }));
    CHECK((*neighbour)->report.result == "1");
    for (const auto& slot : flood) CHECK(*slot == nullptr);
  }
}

TEST_CASE("The worker that helped out goes when it is not needed any more") {
  PoolFixture fixture(PoolFixture::defaults(1));
  const auto flood = fixture.run(endless(fixture));
  REQUIRE(fixture.until([&] { return fixture.pool().stats().workers_busy == 1; }));
  const auto neighbour = fixture.run(quick(fixture, "neighbour"));
  REQUIRE(fixture.until([&] { return *neighbour != nullptr; }));
  CHECK(fixture.pool().worker_pids().size() == 2);
  CHECK(fixture.until([&] { return fixture.pool().worker_pids().size() == 1; }));
  CHECK(*flood == nullptr);
}

TEST_CASE("Slow jobs of two actions end in turn, whichever came first in number") {
  PoolFixture fixture(PoolFixture::defaults(1));
  const std::string slow =
      "function main() local n = 0 for i = 1, 3e6 do n = n + i end return n end";
  std::vector<std::string> ended;
  const auto submit = [&](const std::string& action) {
    Job job = fixture.job(slow);
    job.action = action;
    fixture.pool().run(std::move(job), [&ended, action](Execution) { ended.push_back(action); });
  };
  for (int i = 0; i < 20; ++i) submit("many");
  for (int i = 0; i < 4; ++i) submit("few");
  REQUIRE(fixture.until([&] { return ended.size() == 24; }));
  // The few are through long before the many.
  size_t before_last_few = 0;
  for (size_t i = 24; i-- > 0;)
    if (ended[i] == "few") {
      before_last_few = i;
      break;
    }
  CHECK(before_last_few < 16);
}

TEST_CASE("Code that held a C function past its limit runs alone from then on") {
  PoolFixture fixture(PoolFixture::defaults(1));
  Job stuck = fixture.job(
      "function main() return string.find(string.rep('a', 5e4), ('.-'):rep(9) .. 'b') end");
  stuck.action = "stuck";
  stuck.timeout = Millis(30);
  CHECK(fixture.result_of(stuck).report.outcome == Outcome::kTimedOut);
  // Of what is given together, it is offered alone; the others wait, and run in the end.
  const auto again = fixture.run(stuck);
  std::vector<PoolFixture::Slot> others;
  for (int i = 0; i < 5; ++i) others.push_back(fixture.run(quick(fixture, "other")));
  REQUIRE(fixture.until([&] { return fixture.pool().stats().jobs_offered > 0; }));
  CHECK(fixture.pool().stats().jobs_offered == 1);
  CHECK(fixture.pool().stats().jobs_waiting == 5);
  for (const auto& slot : others) {
    REQUIRE(fixture.until([&] { return *slot != nullptr; }));
    CHECK((*slot)->report.result == "1");
  }
  REQUIRE(fixture.until([&] { return *again != nullptr; }));
  CHECK((*again)->report.outcome == Outcome::kTimedOut);
}
