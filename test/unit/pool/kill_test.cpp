#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <random>

#include "pool_fixture.h"

using namespace sluice::sandbox;
using sluice::Millis;
using sluice::Outcome;
using sluice::test::cpu_ticks;
using sluice::test::PoolFixture;
using Fate = Execution::Fate;

namespace {

const char* const kEndless = "function main() while true do end end";
const char* const kQuick = "function main() return 1 end";

// No hook reaches this: it stays inside one C function for hours.
const char* const kPathological =
    "function main() return (('a'):rep(40)):find(('a?'):rep(40) .. ('a'):rep(40)) end";

// Gives an endless job to the pool's only worker and waits until it is really running.
PoolFixture::Slot run_endless(PoolFixture& fixture, Job job) {
  REQUIRE(fixture.until([&] { return fixture.pool().stats().workers_alive == 2; }));
  const pid_t pid = fixture.pool().worker_pids().at(0);
  const long before = cpu_ticks(pid);
  auto slot = fixture.run(std::move(job));
  REQUIRE(fixture.until([&] { return cpu_ticks(pid) >= before + 5; }));
  return slot;
}

Job with_timeout(Job job, Millis timeout) {
  job.timeout = timeout;
  return job;
}

}  // namespace

TEST_CASE("An endless loop ends at its time limit") {
  PoolFixture fixture;
  const Execution ended = fixture.result_of(with_timeout(fixture.job(kEndless), Millis(50)));
  CHECK(ended.fate == Fate::kFinished);
  CHECK(ended.report.outcome == Outcome::kTimedOut);
  CHECK(ended.report.run_time >= Millis(50));
}

TEST_CASE("A job stuck in a C function is killed with its worker, and its neighbours live") {
  const size_t workers = GENERATE(1, 2);
  PoolFixture fixture(PoolFixture::defaults(workers));
  std::vector<PoolFixture::Slot> neighbours;
  for (int i = 0; i < 5; ++i) neighbours.push_back(fixture.run(fixture.job(kQuick)));
  const auto stuck = fixture.run(with_timeout(fixture.job(kPathological), Millis(50)));
  for (int i = 0; i < 20; ++i) neighbours.push_back(fixture.run(fixture.job(kQuick)));
  REQUIRE(fixture.until([&] { return *stuck != nullptr; }));
  CHECK((*stuck)->fate == Fate::kFinished);
  CHECK((*stuck)->report.outcome == Outcome::kTimedOut);
  CHECK((*stuck)->report.message == "timed out after 50 ms in a C function (worker killed)");
  CHECK((*stuck)->report.run_time >= Millis(50));
  CHECK((*stuck)->report.cpu_time > Millis(0));
  CHECK((*stuck)->report.cpu_time <= (*stuck)->report.run_time);
  for (const auto& neighbour : neighbours) {
    REQUIRE(fixture.until([&] { return *neighbour != nullptr; }));
    CHECK((*neighbour)->fate == Fate::kFinished);
    CHECK((*neighbour)->report.result == "1");
  }
  CHECK(fixture.pool().stats().killed >= 1);
  REQUIRE(fixture.until([&] { return fixture.pool().stats().workers_alive == workers + 1; }));
}

TEST_CASE("A job whose worker stands still ends at its time limit, too") {
  PoolFixture fixture(PoolFixture::defaults(1));
  REQUIRE(fixture.until([&] { return fixture.pool().stats().workers_alive == 2; }));
  const pid_t pid = fixture.pool().worker_pids().at(0);
  const auto endless = run_endless(fixture, with_timeout(fixture.job(kEndless), Millis(1'000)));
  kill(pid, SIGSTOP);
  REQUIRE(fixture.until([&] { return *endless != nullptr; }));
  CHECK((*endless)->report.outcome == Outcome::kTimedOut);
  CHECK(fixture.result_of(fixture.job(kQuick)).report.result == "1");
}

TEST_CASE("A result does not wait for the slow job behind it") {
  PoolFixture fixture(PoolFixture::defaults(1));
  const Job quick = fixture.job(kQuick);
  const Job slow = with_timeout(fixture.job(kEndless), Millis(60'000));
  const auto first = fixture.run(quick);
  const auto second = fixture.run(slow);
  REQUIRE(fixture.until([&] { return *first != nullptr; }));
  CHECK((*first)->report.result == "1");
  CHECK(*second == nullptr);
}

TEST_CASE("Jobs offered to a worker that is stuck finish on another") {
  PoolFixture fixture;
  const Job quick = fixture.job(kQuick);
  const auto slow = fixture.run(with_timeout(fixture.job(kEndless), Millis(60'000)));
  std::vector<PoolFixture::Slot> behind;
  for (int i = 0; i < 20; ++i) behind.push_back(fixture.run(quick));
  for (const auto& slot : behind) {
    REQUIRE(fixture.until([&] { return *slot != nullptr; }));
    CHECK((*slot)->report.result == "1");
  }
  CHECK(*slow == nullptr);
}

TEST_CASE("Killing a worker in the middle of a job is charged to that job alone") {
  PoolFixture fixture(PoolFixture::defaults(1));
  const Job quick = fixture.job(kQuick);
  const auto running = run_endless(fixture, with_timeout(fixture.job(kEndless), Millis(60'000)));
  std::vector<PoolFixture::Slot> others;
  for (int i = 0; i < 10; ++i) others.push_back(fixture.run(quick));
  kill(fixture.pool().worker_pids().at(0), SIGKILL);
  REQUIRE(fixture.until([&] { return *running != nullptr; }));
  CHECK((*running)->fate == Fate::kWorkerDied);
  CHECK((*running)->report.outcome == Outcome::kUnknown);
  CHECK((*running)->report.message.find("signal 9") != std::string::npos);
  CHECK((*running)->report.cpu_time > Millis(0));
  CHECK((*running)->report.cpu_time <= (*running)->report.run_time);
  for (const auto& other : others) {
    REQUIRE(fixture.until([&] { return *other != nullptr; }));
    CHECK((*other)->fate == Fate::kFinished);
    CHECK((*other)->report.result == "1");
  }
}

TEST_CASE("A job goes elsewhere when its worker does not take it, and the worker is replaced") {
  const size_t workers = GENERATE(1, 2);
  PoolFixture fixture(PoolFixture::defaults(workers));
  // Nobody waits for a limit of which nothing has been used.
  const Job quick = with_timeout(fixture.job(kQuick), std::chrono::hours(1));
  REQUIRE(fixture.until([&] { return fixture.pool().stats().workers_alive == workers + 1; }));
  kill(fixture.pool().worker_pids().at(0), SIGSTOP);
  const Execution execution = fixture.result_of(quick);
  CHECK(execution.fate == Fate::kFinished);
  CHECK(execution.report.result == "1");
  REQUIRE(fixture.until([&] { return fixture.pool().stats().killed == 1; }));
}

TEST_CASE("Idle workers and the spare are replaced when they die") {
  PoolFixture fixture;
  REQUIRE(fixture.until([&] { return fixture.pool().stats().workers_alive == 3; }));
  const auto before = fixture.pool().worker_pids();
  for (const pid_t pid : before) kill(pid, SIGKILL);
  REQUIRE(fixture.until([&] { return fixture.pool().stats().restarts == 2; }));
  REQUIRE(fixture.until([&] { return fixture.pool().stats().workers_alive == 3; }));
  CHECK(fixture.pool().worker_pids() != before);
  CHECK(fixture.result_of(fixture.job(kQuick)).report.result == "1");
}

TEST_CASE("Under random kills every job is answered exactly once") {
  PoolFixture fixture;
  const Job job =
      fixture.job("function main() local n = 0 for i = 1, 2000 do n = n + i end return n end");
  constexpr size_t kJobs = 5'000;
  std::mt19937 random(1);
  size_t given = 0;
  size_t finished = 0;
  size_t died = 0;
  std::vector<int> answers(kJobs, 0);
  const auto feed = [&] {
    while (given < kJobs && fixture.pool().room() > 0) {
      fixture.pool().run(job, [&, number = given](Execution execution) {
        ++answers[number];
        if (execution.fate == Fate::kFinished) {
          if (execution.report.result == "2001000") ++finished;
        } else if (execution.fate == Fate::kWorkerDied) {
          ++died;
        }
        if (random() % 100 == 0) {
          const auto pids = fixture.pool().worker_pids();
          if (!pids.empty()) kill(pids[random() % pids.size()], SIGKILL);
        }
      });
      ++given;
    }
  };
  fixture.pool().on_room(feed);
  feed();
  REQUIRE(fixture.until([&] { return finished + died == kJobs; }));
  CHECK(std::all_of(answers.begin(), answers.end(), [](int count) { return count == 1; }));
  CHECK(finished > died);
  CHECK(fixture.pool().stats().jobs_offered == 0);
}
