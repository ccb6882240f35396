#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>

#include "pool_fixture.h"

using namespace sluice::sandbox;
using sluice::Millis;
using sluice::test::PoolFixture;
using Fate = Execution::Fate;

namespace {

Job endless(PoolFixture& fixture, Millis timeout) {
  Job job = fixture.job("function main() while true do end end");
  job.timeout = timeout;
  return job;
}

}  // namespace

TEST_CASE("A pool with nothing to do stops at once and leaves no process") {
  PoolFixture fixture;
  const auto pids = fixture.pool().worker_pids();
  bool stopped = false;
  fixture.pool().stop(Millis(60'000), [&] { stopped = true; });
  CHECK_FALSE(stopped);  // never from inside the call
  REQUIRE(fixture.until([&] { return stopped; }));
  for (const pid_t pid : pids) CHECK((kill(pid, 0) == -1 && errno == ESRCH));
}

TEST_CASE("Stopping lets running jobs end, and returns those that no worker has begun") {
  PoolFixture fixture(PoolFixture::defaults(1));
  const Job job = endless(fixture, Millis(300));
  std::vector<PoolFixture::Slot> slots;
  for (int i = 0; i < 20; ++i) slots.push_back(fixture.run(job));
  REQUIRE(fixture.until([&] { return fixture.pool().stats().jobs_offered > 0; }));
  REQUIRE(fixture.until(
      [&] { return *slots[0] != nullptr; }));  // the second is running by now, or soon
  bool stopped = false;
  fixture.pool().stop(Millis(60'000), [&] { stopped = true; });
  CHECK(fixture.pool().room() == 0);
  REQUIRE(fixture.until([&] { return stopped; }));
  size_t finished = 0;
  size_t returned = 0;
  for (const auto& slot : slots) {
    REQUIRE(*slot != nullptr);
    (*slot)->fate == Fate::kFinished ? ++finished : ++returned;
    CHECK((*slot)->fate != Fate::kWorkerDied);
  }
  CHECK(finished <= 3);
  CHECK(returned >= 17);
}

TEST_CASE("What still runs after the grace is killed and returned") {
  PoolFixture fixture(PoolFixture::defaults(1));
  const auto running = fixture.run(endless(fixture, Millis(600'000)));
  REQUIRE(fixture.until([&] { return fixture.pool().stats().jobs_offered == 1; }));
  bool stopped = false;
  fixture.pool().stop(Millis(20), [&] { stopped = true; });
  REQUIRE(fixture.until([&] { return stopped; }));
  REQUIRE(*running != nullptr);
  CHECK((*running)->fate == Fate::kReturned);
}

TEST_CASE("A pool that stops returns new jobs") {
  PoolFixture fixture;
  const Job job = fixture.job("function main() end");
  bool stopped = false;
  fixture.pool().stop(Millis(1000), [&] { stopped = true; });
  CHECK(fixture.result_of(job).fate == Fate::kReturned);
  REQUIRE(fixture.until([&] { return stopped; }));
  CHECK(fixture.result_of(job).fate == Fate::kReturned);
}

TEST_CASE("A pool can be destroyed in the middle of its work") {
  PoolFixture fixture;
  const Job job = endless(fixture, Millis(600'000));
  for (int i = 0; i < 40; ++i) fixture.run(job);
  CHECK(fixture.until([&] { return fixture.pool().stats().workers_busy == 2; }));
}
