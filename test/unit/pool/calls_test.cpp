// Jobs that call plugins: who waits, who runs meanwhile, and who is charged when a worker dies.
#include <signal.h>

#include <catch2/catch.hpp>
#include <deque>

#include "pool_fixture.h"

using namespace sluice::sandbox;
using sluice::Millis;
using sluice::Outcome;
using sluice::Uuid;
using sluice::test::cpu_ticks;
using sluice::test::PoolFixture;
using Fate = Execution::Fate;

namespace {

// Keeps calls until the test answers them.
class HeldCalls final : public CallServer {
 public:
  struct Held {
    Uuid job;
    std::string plugin, action, payload;
    std::function<void(Answer)> done;
  };

  void call(const Job& job, const Call& call, std::function<void(Answer)> done) override {
    held.push_back({job.id, std::string(call.plugin), std::string(call.action),
                    std::string(call.payload), std::move(done)});
    most = std::max(most, held.size());
  }
  void hang_up(const Job& job) override {
    ++hung_up;
    std::erase_if(held, [&](const Held& one) { return one.job == job.id; });
  }

  void answer(std::string text, bool ok = true) {
    const auto done = std::move(held.front().done);
    held.pop_front();
    done({ok, std::move(text)});
  }

  std::deque<Held> held;
  size_t most = 0;
  size_t hung_up = 0;
};

struct Calling {
  explicit Calling(size_t workers = 2) : fixture(PoolFixture::defaults(workers)) {
    fixture.pool().serve_calls(&calls);
  }
  PoolFixture::Slot start(const std::string& source, const std::string& payload = "") {
    return fixture.run(named_job(source, payload));
  }
  Job named_job(const std::string& source, const std::string& payload = "") {
    Job job = fixture.job(source, payload);
    job.timeout = Millis(60'000);  // which only a hang reaches
    job.id.bytes[0] = static_cast<uint8_t>(++last_id);
    job.id.bytes[1] = static_cast<uint8_t>(last_id >> 8);
    return job;
  }
  bool has_calls(size_t count) {
    return fixture.until([&] { return calls.held.size() >= count; });
  }
  bool ended(const PoolFixture::Slot& slot) {
    return fixture.until([&] { return *slot != nullptr; });
  }

  HeldCalls calls;
  PoolFixture fixture;
  unsigned last_id = 0;
};

const char* const kCalls = "function main(a) return call('p', 'echo', a) end";
const char* const kEndless = "function main() while true do end end";

// No hook reaches this: it stays inside one C function for hours.
const char* const kPathological =
    "function main() return (('a'):rep(40)):find(('a?'):rep(40) .. ('a'):rep(40)) end";

}  // namespace

TEST_CASE("A job's call comes to the server, and the answer back to the job") {
  Calling world;
  const auto job = world.start(kCalls, R"({"n":1})");
  REQUIRE(world.has_calls(1));
  CHECK(world.calls.held[0].plugin == "p");
  CHECK(world.calls.held[0].action == "echo");
  CHECK(world.calls.held[0].payload == R"({"n":1})");
  CHECK(world.fixture.pool().waiting() == 1);
  world.calls.answer(R"(["yes"])");
  REQUIRE(world.ended(job));
  CHECK((*job)->report.result == R"(["yes"])");
  CHECK(world.fixture.pool().waiting() == 0);
}

TEST_CASE("Without anybody who serves calls they fail, and the job hears why") {
  PoolFixture fixture;
  const Execution ended =
      fixture.result_of(fixture.job("function main() return call('p', 'a') end"));
  CHECK(ended.report.outcome == Outcome::kFailed);
  CHECK(ended.report.message == "test.lua:1: no plugins are configured");
}

TEST_CASE("Two workers have 200 jobs waiting for a plugin at once, and run others meanwhile") {
  Calling world;
  std::vector<PoolFixture::Slot> jobs;
  for (int i = 0; i < 200; ++i) jobs.push_back(world.start(kCalls, "[" + std::to_string(i) + "]"));
  REQUIRE(world.has_calls(200));
  CHECK(world.fixture.pool().room() > 0);
  const auto quick = world.start("function main() return 'meanwhile' end");
  REQUIRE(world.ended(quick));
  CHECK((*quick)->report.result == "\"meanwhile\"");
  while (!world.calls.held.empty()) world.calls.answer(world.calls.held.front().payload);
  for (int i = 0; i < 200; ++i) {
    REQUIRE(world.ended(jobs[i]));
    CHECK((*jobs[i])->report.result == "[" + std::to_string(i) + "]");
  }
  CHECK(world.fixture.pool().stats().killed == 0);
}

TEST_CASE("More jobs than there are slots wait for their turn, and all are served") {
  Calling world(1);
  std::vector<PoolFixture::Slot> jobs;
  for (int i = 0; i < 300; ++i) jobs.push_back(world.start(kCalls, "[" + std::to_string(i) + "]"));
  REQUIRE(world.has_calls(wire::kSlots));
  size_t ended = 0;
  while (ended < jobs.size()) {
    if (!world.calls.held.empty()) world.calls.answer(world.calls.held.front().payload);
    REQUIRE(world.fixture.until([&] {
      ended = static_cast<size_t>(
          std::count_if(jobs.begin(), jobs.end(), [](const auto& job) { return *job != nullptr; }));
      return !world.calls.held.empty() || ended == jobs.size();
    }));
  }
  CHECK(world.calls.most == wire::kSlots);
  for (const auto& job : jobs) CHECK((*job)->report.outcome == Outcome::kSucceeded);
}

TEST_CASE("A job whose limit passes while it waits times out, and frees its slot") {
  Calling world(1);
  Job job = world.named_job("function main() print('waits') call('p', 'never') end");
  job.timeout = Millis(20);
  const auto slot = world.fixture.run(job);
  REQUIRE(world.ended(slot));
  CHECK((*slot)->report.outcome == Outcome::kTimedOut);
  CHECK((*slot)->report.logs == "waits\n");
  CHECK((*slot)->report.traceback.find("test.lua:1") != std::string::npos);
  CHECK(world.calls.hung_up == 1);
  CHECK(world.fixture.pool().waiting() == 0);
  CHECK(world.fixture.pool().stats().killed == 0);
}

TEST_CASE("A job whose limit passes while its worker is held by another is answered all the same") {
  Calling world(1);
  Job waits = world.named_job(kCalls);
  waits.timeout = Millis(200);
  const auto waiting = world.fixture.run(waits);
  REQUIRE(world.has_calls(1));
  Job holds = world.named_job(kPathological);
  holds.timeout = Millis(5'000);
  const auto holding = world.fixture.run(holds);
  REQUIRE(world.ended(waiting));
  CHECK((*waiting)->report.outcome == Outcome::kTimedOut);
  CHECK(*holding == nullptr);
  REQUIRE(world.ended(holding));
  CHECK((*holding)->report.outcome == Outcome::kTimedOut);
}

TEST_CASE("A job that never called is answered in time, too, while its worker is held by another") {
  Calling world(1);
  Job holds = world.named_job(
      "function main() call('p', 'a') return (('a'):rep(40)):find(('a?'):rep(40) .. "
      "('a'):rep(40)) end");
  holds.timeout = Millis(5'000);
  const auto holding = world.fixture.run(holds);
  REQUIRE(world.has_calls(1));
  Job busy = world.named_job(kEndless);
  busy.timeout = Millis(500);
  const pid_t pid = world.fixture.pool().worker_pids().front();
  const long before = cpu_ticks(pid);
  const auto sliced = world.fixture.run(busy);
  REQUIRE(world.fixture.until([&] { return cpu_ticks(pid) >= before + 5; }));
  world.calls.answer("1");
  REQUIRE(world.ended(sliced));
  CHECK((*sliced)->report.outcome == Outcome::kTimedOut);
  CHECK((*sliced)->report.message == "timed out after 500 ms");
  CHECK(*holding == nullptr);
  REQUIRE(world.ended(holding));
}

TEST_CASE("A job that was answered goes on beside one that never pauses") {
  Calling world(1);
  const auto waiting = world.start(kCalls, "[1]");
  REQUIRE(world.has_calls(1));
  Job busy = world.named_job(kEndless);
  const auto endless = world.fixture.run(busy);
  REQUIRE(world.fixture.until([&] { return world.fixture.pool().stats().workers_busy == 1; }));
  world.calls.answer("[1]");
  REQUIRE(world.ended(waiting));
  CHECK((*waiting)->report.result == "[1]");
  CHECK(*endless == nullptr);
  world.fixture.pool().cancel(busy.id);
  REQUIRE(world.ended(endless));
}

TEST_CASE("An answer that comes together with a job that never pauses is not behind it") {
  Calling world(1);
  const auto waiting = world.start(kCalls, "[1]");
  REQUIRE(world.has_calls(1));
  Job busy = world.named_job(kEndless);
  const pid_t worker = world.fixture.pool().worker_pids().front();
  kill(worker, SIGSTOP);
  const auto endless = world.fixture.run(busy);
  REQUIRE(world.fixture.until([&] { return world.fixture.pool().stats().jobs_offered == 2; }));
  world.calls.answer("[1]");
  int turns = 0;
  REQUIRE(world.fixture.until([&] { return ++turns > 3; }));  // both are on their way
  kill(worker, SIGCONT);
  REQUIRE(world.ended(waiting));
  CHECK((*waiting)->report.result == "[1]");
  world.fixture.pool().cancel(busy.id);
  REQUIRE(world.ended(endless));
}

TEST_CASE("A job can be cancelled while it waits, runs, or has not begun") {
  Calling world(1);
  const Job waits = world.named_job(kCalls);
  const auto waiting = world.fixture.run(waits);
  REQUIRE(world.has_calls(1));
  Job runs = world.named_job(kEndless);
  const Job queued = world.named_job("function main() return 1 end");
  const auto running = world.fixture.run(runs);  // together, so that both are offered
  const auto not_begun = world.fixture.run(queued);
  REQUIRE(world.fixture.until([&] { return world.fixture.pool().stats().jobs_offered == 3; }));

  for (const auto& [job, slot] :
       {std::pair(waits, waiting), {queued, not_begun}, {runs, running}}) {
    world.fixture.pool().cancel(job.id);
    REQUIRE(world.ended(slot));
    CHECK((*slot)->fate == Fate::kFinished);
    CHECK((*slot)->report.outcome == Outcome::kCancelled);
  }
  CHECK(world.calls.hung_up == 1);
  CHECK(world.fixture.pool().stats().killed == 0);
  world.fixture.pool().cancel(waits.id);  // it is over
  CHECK(world.fixture.result_of(world.fixture.job("function main() return 2 end")).report.result ==
        "2");
}

TEST_CASE(
    "When a worker dies the running job is charged, who had called is returned, others run again") {
  Calling world(1);
  const auto called = world.start(kCalls);
  REQUIRE(world.has_calls(1));
  Job runs = world.named_job(kEndless);
  const Job next = world.named_job("function main() return 'again' end");
  const auto running = world.fixture.run(runs);  // together, so that both are offered
  const auto other = world.fixture.run(next);
  REQUIRE(world.fixture.until([&] { return world.fixture.pool().stats().jobs_offered == 3; }));
  const pid_t pid = world.fixture.pool().worker_pids().front();
  const long before = cpu_ticks(pid);
  REQUIRE(world.fixture.until([&] { return cpu_ticks(pid) >= before + 5; }));
  kill(pid, SIGKILL);

  REQUIRE(world.ended(running));
  CHECK((*running)->fate == Fate::kWorkerDied);
  REQUIRE(world.ended(called));
  CHECK((*called)->fate == Fate::kReturned);
  CHECK(world.calls.hung_up == 1);
  REQUIRE(world.ended(other));
  CHECK((*other)->report.result == "\"again\"");
}

TEST_CASE("An answer for a job that is gone is nobody's") {
  Calling world(1);
  Job job = world.named_job(kCalls);
  const auto slot = world.fixture.run(job);
  REQUIRE(world.has_calls(1));
  const auto late = world.calls.held.front().done;
  world.fixture.pool().cancel(job.id);
  REQUIRE(world.ended(slot));
  late({true, "1"});
  CHECK(world.fixture.result_of(world.fixture.job("function main() return 2 end")).report.result ==
        "2");
  CHECK(world.fixture.pool().stats().killed == 0);
}

TEST_CASE("Large answers come through, and those of many at once") {
  Calling world(1);
  std::vector<PoolFixture::Slot> jobs;
  for (int i = 0; i < 40; ++i)
    jobs.push_back(world.start("function main() return #call('p', 'large') end"));
  REQUIRE(world.has_calls(40));
  const std::string large = "\"" + std::string(kMaxAnswerBytes - 2, 'x') + "\"";
  while (!world.calls.held.empty()) world.calls.answer(large);
  for (const auto& job : jobs) {
    REQUIRE(world.ended(job));
    CHECK((*job)->report.result == std::to_string(kMaxAnswerBytes - 2));
  }
}

TEST_CASE("When the pool stops, jobs that wait may still end, and the rest is returned") {
  Calling world(1);
  const auto answered = world.start(kCalls, "[7]");
  const auto left = world.start(kCalls, "[8]");
  REQUIRE(world.has_calls(2));
  bool stopped = false;
  world.fixture.pool().stop(Millis(200), [&] { stopped = true; });
  world.calls.answer("[7]");
  REQUIRE(world.ended(answered));
  CHECK((*answered)->report.result == "[7]");
  REQUIRE(world.fixture.until([&] { return stopped; }));
  REQUIRE(*left != nullptr);
  CHECK((*left)->fate == Fate::kReturned);
  CHECK(world.calls.hung_up == 1);
}

TEST_CASE("A worker that is kept free for a job that must be alone keeps nobody waiting") {
  Calling world(1);
  Job waits = world.named_job(kCalls);
  waits.timeout = Millis(10'000);
  const auto waiting = world.fixture.run(waits);
  REQUIRE(world.has_calls(1));
  Job alone = world.named_job("function main() return 'alone' end");
  alone.action = "alone";
  alone.alone = true;
  const auto lonely = world.fixture.run(alone);
  Job other = world.named_job("function main() return 'other' end");
  other.action = "other";
  const auto served = world.fixture.run(other);
  REQUIRE(world.ended(lonely));
  REQUIRE(world.ended(served));
  CHECK(*waiting == nullptr);
  CHECK((*lonely)->report.result == "\"alone\"");
  CHECK((*served)->report.result == "\"other\"");
}

TEST_CASE("Room that a job takes by not waiting any more is told of when it is there again") {
  sluice::sandbox::PoolOptions options = PoolFixture::defaults(1);
  options.offers_per_worker = 1;
  HeldCalls calls;
  PoolFixture fixture(options);
  fixture.pool().serve_calls(&calls);
  int told = 0;
  fixture.pool().on_room([&] { ++told; });
  Job job = fixture.job(kCalls);
  job.timeout = Millis(60'000);
  job.id.bytes[0] = 1;
  const auto slot = fixture.run(job);
  REQUIRE(fixture.until([&] { return told == 1; }));
  CHECK(fixture.pool().room() == 1);
  fixture.pool().cancel(job.id);
  CHECK(fixture.pool().room() == 0);
  REQUIRE(fixture.until([&] { return *slot != nullptr && told == 2; }));
}

TEST_CASE("Others of its action need not wait while a job that must be alone waits for a plugin") {
  Calling world(1);
  Job retried = world.named_job(kCalls);
  retried.alone = true;
  const Job next = world.named_job("function main() return 'beside it' end");
  const auto waiting = world.fixture.run(retried);
  REQUIRE(world.has_calls(1));
  const auto beside = world.fixture.run(next);
  REQUIRE(world.ended(beside));
  CHECK((*beside)->report.result == "\"beside it\"");
  world.calls.answer("1");
  REQUIRE(world.ended(waiting));
}
