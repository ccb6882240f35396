#include <catch2/catch.hpp>

#include "named_worker.h"
#include "pool_fixture.h"

using namespace sluice::sandbox;
using sluice::Millis;
using sluice::Outcome;
using sluice::test::job_without_code;
using sluice::test::NamedWorker;
using sluice::test::PoolFixture;
using Fate = Execution::Fate;

namespace {

struct Garbage : NamedWorker {
  explicit Garbage(const std::string& mode) : NamedWorker(GARBAGE_WORKER, mode, 2) {}
};

Job some_job() {
  return job_without_code(Millis(50));
}

}  // namespace

TEST_CASE("A worker that breaks the protocol is ended, and its job answered") {
  const std::string mode = GENERATE(
      "exits_without_a_result", "sends_half_a_frame", "answers_an_unknown_slot",
      "answers_a_free_slot", "answers_another_sequence", "has_another_version",
      "has_an_unknown_type", "sends_the_pools_frames", "claims_a_huge_length",
      "names_an_outcome_that_is_not_its_own", "sends_too_long_a_result", "sends_what_is_not_json",
      "sends_nothing_as_a_success", "sends_logs_that_are_not_text", "skips_what_was_not_revoked",
      "calls_for_nothing_outstanding", "calls_for_a_slot_that_was_never_used",
      "calls_with_what_is_not_json", "calls_with_names_that_are_not_text",
      "calls_with_too_long_a_payload", "cancels_what_nobody_cancelled", "lies_on_the_page",
      "closes_the_channel_and_lives");
  INFO(mode);
  Garbage garbage(mode);
  PoolFixture fixture(garbage.options());
  const auto first = fixture.run(some_job());
  const auto second = fixture.run(some_job());
  REQUIRE(fixture.until([&] { return *first != nullptr && *second != nullptr; }));
  for (const auto* slot : {&first, &second}) {
    const Execution& execution = ***slot;
    CHECK(execution.fate == Fate::kWorkerDied);
    CHECK(execution.report.outcome == Outcome::kUnknown);
    CHECK_FALSE(execution.report.message.empty());
  }
}

TEST_CASE("A worker that does nothing is killed, and its job answered") {
  Garbage garbage("does_nothing");
  PoolFixture fixture(garbage.options());
  const auto slot = fixture.run(some_job());
  REQUIRE(fixture.until([&] { return fixture.pool().stats().killed >= 1; }));
  CHECK(*slot == nullptr);  // another one may do better
}

TEST_CASE("Jobs wait while no worker can start, and run as soon as one can") {
  const std::string mode = GENERATE("exits_at_start", "speaks_http");
  Garbage garbage(mode);
  PoolFixture fixture(garbage.options());
  const auto slot = fixture.run(some_job());
  REQUIRE(fixture.until([&] { return fixture.pool().stats().restarts >= 4; }));
  CHECK(*slot == nullptr);
  garbage.become(PoolFixture::defaults(2).worker_path);
  REQUIRE(fixture.until([&] { return *slot != nullptr; }));
  CHECK((*slot)->fate == Fate::kFinished);
  CHECK((*slot)->report.outcome == Outcome::kBadBytecode);
}

TEST_CASE("A worker that takes more memory than its jobs may have is killed, and its job charged") {
  Garbage garbage("takes_ever_more_memory");
  PoolOptions options = garbage.options();
  options.workers = 1;
  options.max_memory_bytes = 16 << 20;
  PoolFixture fixture(options);
  const auto slot = fixture.run(some_job());
  REQUIRE(fixture.until([&] { return *slot != nullptr; }));
  CHECK((*slot)->fate == Fate::kWorkerDied);
  CHECK((*slot)->report.message.find("more memory than its jobs may have") != std::string::npos);
}

// Between two turns the page names nobody, and that may be when it is looked at.
TEST_CASE("A job that has begun has its time, though the page names none that runs") {
  Garbage garbage("rests_between_turns");
  PoolFixture fixture(garbage.options());
  Job job = some_job();
  job.timeout = sluice::Millis(60'000);
  const auto slot = fixture.run(job);
  REQUIRE(fixture.until([&] { return *slot != nullptr; }));
  CHECK((*slot)->fate == Fate::kFinished);
  CHECK((*slot)->report.result == "1");
  CHECK(fixture.pool().stats().killed == 0);
}

// It may have done something out there: whether it runs again is not for the pool to say.
TEST_CASE("A job whose worker breaks the protocol after a call is returned") {
  Garbage garbage("calls_twice");
  PoolFixture fixture(garbage.options());
  const auto slot = fixture.run(some_job());
  REQUIRE(fixture.until([&] { return *slot != nullptr; }));
  CHECK((*slot)->fate == Fate::kReturned);
}

TEST_CASE("A pool without workers that start says so, and compiles nothing") {
  const std::string mode = GENERATE("exits_at_start", "speaks_http");
  Garbage garbage(mode);
  PoolFixture fixture(garbage.options());
  REQUIRE(fixture.until([&] { return !fixture.pool().ready().ok(); }));
  const std::string why = fixture.pool().ready().error().message;
  CHECK(why.find(garbage.options().worker_path) != std::string::npos);

  std::unique_ptr<sluice::Result<sluice::Bytecode>> compiled;
  fixture.pool().compile({"a.lua", "return 1"}, [&](sluice::Result<sluice::Bytecode> result) {
    compiled = std::make_unique<sluice::Result<sluice::Bytecode>>(std::move(result));
  });
  REQUIRE(fixture.until([&] { return compiled != nullptr; }));
  CHECK_FALSE(compiled->ok());
  CHECK(compiled->error().code != sluice::Code::kInvalid);  // the source is not to blame

  garbage.become(PoolFixture::defaults(2).worker_path);
  CHECK(fixture.until([&] { return fixture.pool().ready().ok(); }));
}

TEST_CASE("A worker that answers twice is ended, its first answer counts") {
  Garbage garbage("answers_twice");
  PoolFixture fixture(garbage.options());
  const auto slot = fixture.run(some_job());
  REQUIRE(fixture.until([&] { return *slot != nullptr; }));
  CHECK((*slot)->fate == Fate::kFinished);
  CHECK((*slot)->report.result == "1");
}

TEST_CASE("A worker that never ends its frame is killed") {
  Garbage garbage("never_ends_a_frame");
  PoolFixture fixture(garbage.options());
  fixture.run(some_job());
  REQUIRE(fixture.until([&] { return fixture.pool().stats().killed >= 1; }));
}

TEST_CASE("Jobs that wait for a worker are returned when the pool stops") {
  Garbage garbage("exits_at_start");
  PoolFixture fixture(garbage.options());
  const auto slot = fixture.run(some_job());
  REQUIRE(fixture.until([&] { return fixture.pool().stats().restarts >= 2; }));
  bool stopped = false;
  fixture.pool().stop(Millis(0), [&] { stopped = true; });
  REQUIRE(fixture.until([&] { return stopped; }));
  REQUIRE(*slot != nullptr);
  CHECK((*slot)->fate == Fate::kReturned);
}

TEST_CASE("A worker that says hello twice is not given a second chance") {
  Garbage garbage("says_hello_twice");
  PoolFixture fixture(garbage.options());
  REQUIRE(fixture.until([&] { return fixture.pool().stats().restarts >= 3; }));
}
