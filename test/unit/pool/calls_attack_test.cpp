// Jobs that use calls to harm the others in their worker: by waiting, by the order of their turns.
#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "pool_fixture.h"

using namespace sluice::sandbox;
using sluice::Millis;
using sluice::Outcome;
using sluice::test::PoolFixture;
using Fate = Execution::Fate;

namespace {

// Answers when the test says so, and counts what each job asked.
class Gate final : public CallServer {
 public:
  void call(const Job& job, const Call&, std::function<void(Answer)> done) override {
    waiting[job.id] = std::move(done);
    ++asked;
  }
  void hang_up(const Job& job) override { waiting.erase(job.id); }

  void answer_all() {
    for (auto& [id, done] : std::exchange(waiting, {})) done({true, "1"});
  }

  std::map<sluice::Uuid, std::function<void(Answer)>> waiting;
  size_t asked = 0;
};

struct World {
  World() : fixture(PoolFixture::defaults(1)) { fixture.pool().serve_calls(&gate); }

  Job job(const std::string& source, int timeout_ms = 60'000) {
    Job job = fixture.job(source);
    job.timeout = Millis(timeout_ms);
    job.id.bytes[0] = ++last_id;
    return job;
  }
  bool ended(const PoolFixture::Slot& slot) {
    return fixture.until([&] { return *slot != nullptr; });
  }

  Gate gate;
  PoolFixture fixture;
  uint8_t last_id = 0;
};

const char* const kWaits = "function main() return call('p', 'never') end";

// No hook reaches this: it stays inside one C function for hours.
const char* const kPathological =
    "function main() call('p', 'now') return (('a'):rep(40)):find(('a?'):rep(40) .. ('a'):rep(40)) "
    "end";

}  // namespace

TEST_CASE("A worker whose jobs have all waited for long is alive when their time ends") {
  World world;
  // Longer than a worker may go without a word while it is busy.
  const auto short_one = world.fixture.run(world.job(kWaits, 2'600));
  const Job long_job = world.job(kWaits);
  const auto long_one = world.fixture.run(long_job);
  const Job to_cancel = world.job(kWaits);
  const auto cancelled = world.fixture.run(to_cancel);
  REQUIRE(world.fixture.until([&] { return world.gate.waiting.size() == 3; }));
  REQUIRE(world.ended(short_one));
  CHECK((*short_one)->report.outcome == Outcome::kTimedOut);
  world.fixture.pool().cancel(to_cancel.id);
  REQUIRE(world.ended(cancelled));
  CHECK((*cancelled)->report.outcome == Outcome::kCancelled);
  CHECK(world.fixture.pool().stats().killed == 0);
  CHECK(*long_one == nullptr);
  world.gate.answer_all();
  REQUIRE(world.ended(long_one));
  CHECK((*long_one)->report.result == "1");
}

TEST_CASE("Busy jobs that share a worker end at their limits, and none is taken for stuck") {
  World world;
  constexpr int kJobs = 24;
  std::vector<PoolFixture::Slot> jobs;
  // All have begun, so all are busy at once: each has its turn every 240 ms.
  for (int i = 0; i < kJobs; ++i)
    jobs.push_back(world.fixture.run(
        world.job("function main() call('p', 'now') while true do end end", 1'500 + 37 * i)));
  REQUIRE(world.fixture.until([&] { return world.gate.waiting.size() == kJobs; }));
  // One that never calls: its worker alone says when it began.
  jobs.push_back(world.fixture.run(world.job("function main() while true do end end", 700)));
  REQUIRE(world.fixture.until([&] { return world.fixture.pool().stats().workers_busy == 1; }));
  world.gate.answer_all();
  for (const auto& job : jobs) {
    REQUIRE(world.ended(job));
    CHECK((*job)->fate == Fate::kFinished);
    CHECK((*job)->report.outcome == Outcome::kTimedOut);
    CHECK((*job)->report.message.find("C function") == std::string::npos);
  }
  CHECK(world.fixture.pool().stats().killed == 0);
}

TEST_CASE("A job that was sliced ends at its limit though another holds the worker") {
  World world;
  const auto holds = world.fixture.run(world.job(kPathological, 4'000));
  REQUIRE(world.fixture.until([&] { return world.gate.waiting.size() == 1; }));
  // It never calls, so that only the control page says that it has begun.
  const auto sliced = world.fixture.run(world.job("function main() while true do end end", 600));
  REQUIRE(world.fixture.until([&] { return world.fixture.pool().stats().workers_busy == 1; }));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
  REQUIRE(world.fixture.until([&] { return std::chrono::steady_clock::now() >= until; }));
  world.gate.answer_all();
  REQUIRE(world.ended(sliced));
  CHECK((*sliced)->report.outcome == Outcome::kTimedOut);
  CHECK(*holds == nullptr);
  REQUIRE(world.ended(holds));
  CHECK((*holds)->report.message.find("C function") != std::string::npos);
}
