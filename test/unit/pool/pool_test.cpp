#include <catch2/catch.hpp>

#include "pool_fixture.h"

using namespace sluice;
using namespace sluice::sandbox;
using sluice::test::PoolFixture;
using Fate = Execution::Fate;

TEST_CASE("A job runs in a worker and its result comes back") {
  PoolFixture fixture;
  const Execution hello = fixture.result_of(fixture.job("function main() return 'hello' end"));
  INFO(hello.report.message);
  CHECK(hello.fate == Fate::kFinished);
  CHECK(hello.report.outcome == Outcome::kSucceeded);
  CHECK(hello.report.result == "\"hello\"");
  CHECK(hello.started_at > WallTime{});
}

TEST_CASE("An error in the job is reported and harms nobody") {
  PoolFixture fixture;
  const Execution bad = fixture.result_of(fixture.job("function main() error('so sad') end"));
  CHECK(bad.fate == Fate::kFinished);
  CHECK(bad.report.outcome == Outcome::kFailed);
  CHECK(bad.report.message.find("so sad") != std::string::npos);
  CHECK(bad.report.message.find("test.lua:1") != std::string::npos);
  CHECK(fixture.result_of(fixture.job("function main() return 1 end")).report.result == "1");
  CHECK(fixture.pool().stats().killed == 0);
}

TEST_CASE("A job over its memory limit ends as out of memory") {
  PoolFixture fixture;
  Job greedy = fixture.job(
      "function main() local t = {} while true do t[#t+1] = ('x'):rep(1000) .. #t end end");
  greedy.memory_bytes = 1 << 20;
  const Execution ended = fixture.result_of(greedy);
  CHECK(ended.report.outcome == Outcome::kOutOfMemory);
  CHECK(ended.report.memory_peak_bytes <= 1 << 20);
}

TEST_CASE("Results of a mebibyte pass, many at a time") {
  PoolFixture fixture;
  const Job job = fixture.job("function main() return ('x'):rep((1 << 20) - 2) end");
  std::vector<PoolFixture::Slot> slots;
  for (int i = 0; i < 40; ++i) slots.push_back(fixture.run(job));
  for (const auto& slot : slots) {
    REQUIRE(fixture.until([&] { return *slot != nullptr; }));
    CHECK((*slot)->report.outcome == Outcome::kSucceeded);
    CHECK((*slot)->report.result.size() == 1 << 20);
  }
}

TEST_CASE("A payload of many mebibytes passes") {
  PoolFixture fixture;
  const std::string text(8 << 20, 'y');
  Job job = fixture.job("function main() return 7 end", "{\"text\":\"" + text + "\"}");
  job.memory_bytes = 64 << 20;
  CHECK(fixture.result_of(job).report.result == "7");
}

TEST_CASE("A payload that no worker takes is refused, with the limit") {
  PoolFixture fixture;
  const Execution refused =
      fixture.result_of(fixture.job("function main() end", std::string((16 << 20) + 1, ' ')));
  CHECK(refused.report.outcome == Outcome::kPlatform);
  CHECK(refused.report.message.find("16 MiB") != std::string::npos);
}

TEST_CASE("Thousands of jobs over two workers are answered exactly once") {
  PoolFixture fixture;
  const Job job = fixture.job("function main() return 5 end");
  constexpr size_t kJobs = 5'000;
  size_t given = 0;
  size_t answered = 0;
  const auto feed = [&] {
    while (given < kJobs && fixture.pool().room() > 0) {
      ++given;
      fixture.pool().run(job, [&](Execution execution) {
        if (execution.report.result == "5") ++answered;
      });
    }
  };
  fixture.pool().on_room(feed);
  feed();
  CHECK(fixture.pool().room() == 0);
  REQUIRE(fixture.until([&] { return answered == kJobs; }));
  CHECK(fixture.pool().stats().jobs_offered == 0);
  CHECK(fixture.pool().room() == 2 * wire::kBusySlots);
}

TEST_CASE("More codes than a worker keeps are loaded again when needed") {
  PoolFixture fixture(PoolFixture::defaults(1));
  const auto compiled = fixture.code("function main(a) return 3 end");
  for (int round = 0; round < 2; ++round) {
    std::vector<PoolFixture::Slot> slots;
    for (int i = 0; i < 1100; ++i) {
      Job job = fixture.job("function main(a) return 3 end");
      job.code = std::make_shared<sandbox::Code>(
          sandbox::Code{sha256(std::to_string(i)), compiled->chunk_name, compiled->bytecode});
      slots.push_back(fixture.run(job));
    }
    for (const auto& slot : slots) {
      REQUIRE(fixture.until([&] { return *slot != nullptr; }));
      REQUIRE((*slot)->report.result == "3");
    }
  }
}

TEST_CASE("A worker serves one namespace, and makes way for another when it is idle") {
  PoolFixture fixture(PoolFixture::defaults(1));
  Job job = fixture.job("function main() return 1 end");
  CHECK(fixture.result_of(job).report.result == "1");
  const auto first = fixture.pool().worker_pids();
  job.ns = "other";
  CHECK(fixture.result_of(job).report.result == "1");
  CHECK(fixture.pool().worker_pids() != first);
  const auto second = fixture.pool().worker_pids();
  CHECK(fixture.result_of(job).report.result == "1");
  CHECK(fixture.pool().worker_pids() == second);
}

TEST_CASE("A job that must be alone shares its worker with nobody, and gets its turn") {
  PoolFixture fixture(PoolFixture::defaults(1));
  const Job common = fixture.job("function main() return 1 end");
  Job alone = common;
  alone.alone = true;
  std::vector<PoolFixture::Slot> slots;
  for (int i = 0; i < 20; ++i) slots.push_back(fixture.run(common));
  for (int i = 0; i < 3; ++i) slots.push_back(fixture.run(alone));
  for (int i = 0; i < 20; ++i) slots.push_back(fixture.run(common));
  for (const auto& slot : slots) {
    REQUIRE(fixture.until([&] { return *slot != nullptr; }));
    CHECK((*slot)->report.result == "1");
  }
}

TEST_CASE("A worker program that is not there is an error that names it") {
  Loop loop;
  SystemClock clock;
  Log log({.level = LogLevel::kOff});
  PoolOptions options;
  options.worker_path = "/nowhere/sluice-sandbox";
  {
    ProcessPool pool(loop, clock, log, options);
    const Status status = pool.start();
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().message.find("/nowhere/sluice-sandbox") != std::string::npos);
  }
}
