// What the runner does for jobs that call plugins, and for those that are to be cancelled.
#include "test/support/held_store.h"
#include "test/unit/runner/world.h"

namespace sluice::test {
namespace {

using Fate = sandbox::Execution::Fate;
using Phase = Announcement::Phase;
using Names = std::vector<std::string>;

std::shared_ptr<Submission> allowing(World& world, Allow allow) {
  auto made = std::make_shared<Submission>(*world.submission());
  made->allow = std::move(allow);
  return made;
}

// The job calls; what it is answered goes to `answers`.
void call(World& world, const sandbox::Job& job, std::vector<sandbox::Answer>& answers) {
  REQUIRE(world.pool.calls != nullptr);
  world.pool.calls->call(job, {"kv", "get", "{}"}, [&answers](sandbox::Answer answer) {
    answers.push_back(std::move(answer));
  });
  world.executor.turn();
}

void cancel(World& world, const Uuid& id) {
  world.store.cancel({id}, [](const std::vector<Status>& statuses) { CHECK(statuses[0].ok()); });
  world.executor.turn();
}

void renew(World& world, runner::Runner& runner) {
  world.clock.advance(world.store.lease() / 4);
  runner.tick();
  world.executor.turn();
}

TEST_CASE("a job calls the plugins that it was submitted with") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  std::vector<sandbox::Answer> answers;
  SECTION("all") {
    world.submit();
    call(world, world.pool.jobs[0].job, answers);
    REQUIRE(world.plugins.calls.size() == 1);
    world.plugins.answer(true, "1");
    CHECK(answers.at(0).ok);
  }
  SECTION("not those that it has not") {
    world.submit(allowing(world, Names{"http"}));
    call(world, world.pool.jobs[0].job, answers);
    CHECK(answers.at(0).text == "the action 'hello' may not use plugin 'kv'; it may use http");
    CHECK(world.plugins.calls.empty());
  }
}

TEST_CASE("a runner that is gone serves no calls") {
  World world;
  {
    runner::Runner runner(world.parts(), world.options);
    CHECK(world.pool.calls == nullptr);
    runner.start();
    CHECK(world.pool.calls != nullptr);
  }
  CHECK(world.pool.calls == nullptr);
}

TEST_CASE("a call waits for the record of its own job") {
  World world;
  HeldStore held(world.store);
  held.hold_records = true;
  runner::Runner runner(world.parts(held), world.options);
  runner.start();
  world.submit();
  std::vector<sandbox::Answer> answers;
  call(world, world.pool.jobs[0].job, answers);
  CHECK(world.plugins.calls.empty());
  held.release();
  CHECK(world.plugins.calls.size() == 1);
}

TEST_CASE("a run whose lease passed to another calls nothing any more") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  world.clock.advance(world.store.lease() + Millis(1));
  world.store.claim({id}, Claim{world.ids.next(), "other", world.clock.wall()},
                    [](const std::vector<Result<Delivery>>& claimed) { CHECK(claimed[0].ok()); });
  runner.tick();
  world.executor.turn();
  std::vector<sandbox::Answer> answers;
  call(world, world.pool.jobs[0].job, answers);
  CHECK(answers.at(0).text == "this run was given up: its lease passed to another runner");
  CHECK(world.plugins.calls.empty());
  CHECK(world.pool.cancelled.size() == 1);  // nobody wants its result
}

TEST_CASE("a run that comes back to the runner that lost it ends once") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  world.clock.advance(world.store.lease() + Millis(1));
  world.queue.acknowledge(world.options.name, {id});  // as when the queue forgot that it is here
  world.queue.push({{id, Lane{"default", "default", "hello"}}}, nullptr);
  world.executor.turn();
  REQUIRE(world.pool.jobs.size() == 2);
  world.pool.succeed("1");
  world.executor.turn();
  world.pool.succeed("2");
  world.executor.turn();
  CHECK(world.find(id).report->result == "1");
  CHECK(runner.running() == 0);
}

// What the pool answers of a job that it was told to cancel.
void end_as_cancelled(World& world) {
  Report report;
  report.outcome = Outcome::kCancelled;
  report.message = "cancelled";
  world.pool.end(Fate::kFinished, report);
  world.executor.turn();
}

TEST_CASE("what was given up while the store was away is not recorded as cancelled") {
  World world;
  HeldStore store(world.store);
  runner::Runner runner(world.parts(store), world.options);
  runner.start();
  const Uuid id = world.submit();
  store.lose_leases = true;
  renew(world, runner);
  REQUIRE(world.pool.cancelled == std::vector<Uuid>{id});
  store.lose_leases = false;  // it is back, and nobody else has claimed the job
  end_as_cancelled(world);
  CHECK_FALSE(world.announced(id, Phase::kResult));
  CHECK(world.find(id).progress.attempt == 1);
  REQUIRE(world.pool.jobs.size() == 1);  // handed back, and taken again
  world.pool.succeed("1");
  world.executor.turn();
  CHECK(world.find(id).progress.outcome == Outcome::kSucceeded);
  CHECK(world.find(id).progress.history.size() == 1);
}

TEST_CASE("a run that was given up does not end the one that came here since") {
  World world;
  HeldStore store(world.store);
  runner::Runner runner(world.parts(store), world.options);
  runner.start();
  const Uuid id = world.submit();
  const auto comes_again = [&] {
    world.clock.advance(world.store.lease() + Millis(1));
    world.queue.acknowledge(world.options.name, {id});
    world.queue.push({{id, Lane{"default", "default", "hello"}}}, nullptr);
    world.executor.turn();
    REQUIRE(world.pool.jobs.size() == 2);
  };
  SECTION("its end comes late") {
    store.lose_leases = true;
    renew(world, runner);
    REQUIRE(world.pool.cancelled.size() == 1);
    store.lose_leases = false;
    comes_again();
    end_as_cancelled(world);
    CHECK(world.find(id).progress.state == State::kRunning);
    CHECK(runner.running() == 1);
  }
  SECTION("it is told late that its lease was lost") {
    world.clock.advance(world.store.lease() / 4);
    store.hold_renewals = store.lose_leases = true;
    runner.tick();
    world.executor.turn();
    comes_again();
    store.hold_renewals = store.lose_leases = false;
    store.release();
    CHECK(world.pool.cancelled.empty());
    world.pool.succeed("of the first");
    world.executor.turn();
  }
  world.pool.succeed("1");
  world.executor.turn();
  CHECK(world.find(id).progress.outcome == Outcome::kSucceeded);
  CHECK(runner.running() == 0);
}

TEST_CASE("what is to be cancelled is ended at the next renewal, once") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  const Uuid other = world.submit();
  cancel(world, id);
  CHECK(world.pool.cancelled.empty());
  renew(world, runner);
  CHECK(world.pool.cancelled == std::vector<Uuid>{id});
  renew(world, runner);
  CHECK(world.pool.cancelled == std::vector<Uuid>{id});

  Report report;
  report.outcome = Outcome::kCancelled;
  report.message = "cancelled";
  world.pool.end(Fate::kFinished, report);
  world.executor.turn();
  CHECK(world.find(id).progress.state == State::kDone);
  CHECK(world.find(id).progress.outcome == Outcome::kCancelled);
  CHECK(world.announced(id, Phase::kDurable));
  CHECK(world.find(other).progress.state == State::kRunning);
}

TEST_CASE("what is to be cancelled is over when the pool returns it, and everybody is told") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  cancel(world, id);
  renew(world, runner);
  const auto fate = GENERATE(Fate::kReturned, Fate::kWorkerDied);
  world.pool.end(fate, {});
  world.executor.turn();
  CHECK(world.find(id).progress.state == State::kDone);
  CHECK(world.find(id).progress.outcome == Outcome::kCancelled);
  CHECK(world.announced(id, Phase::kDurable));
  CHECK(world.pool.jobs.empty());
  CHECK(world.depth().waiting == 0);
}

TEST_CASE("what is cancelled while its code is read does not run to its end") {
  World world;
  HeldStore held(world.store);
  held.hold_codes = true;
  runner::Runner runner(world.parts(held), world.options);
  runner.start();
  const Uuid id = world.submit();
  REQUIRE(world.pool.jobs.empty());
  cancel(world, id);
  renew(world, runner);
  world.pool.cancelled.clear();  // it did not know it
  held.release();
  world.executor.turn();
  REQUIRE(world.pool.jobs.size() == 1);
  CHECK(world.pool.cancelled == std::vector<Uuid>{id});
}

TEST_CASE(
    "a job that lost its worker through another runs again, uncharged, later alone, not for ever") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  for (uint32_t delivery = 1; delivery <= 20; ++delivery) {
    INFO(delivery);
    REQUIRE(world.pool.jobs.size() == 1);
    CHECK(world.pool.jobs[0].job.id == id);
    CHECK(world.pool.jobs[0].job.alone == (delivery > 3));
    const Progress progress = world.find(id).progress;
    CHECK(progress.deliveries == delivery);
    CHECK(progress.attempt == 1);
    world.pool.end(Fate::kReturned, {});
    world.executor.turn();  // no sweeper was needed, and no tick
  }
  CHECK(world.pool.jobs.empty());
  CHECK(world.find(id).progress.state == State::kDead);
  CHECK(world.announced(id, Phase::kDurable));
  CHECK(world.depth().waiting == 0);
  CHECK(world.depth().delivered == 0);
}

TEST_CASE("a job that was returned once and then ends is like any other") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  world.pool.end(Fate::kReturned, {});
  world.executor.turn();
  world.pool.succeed("7");
  world.executor.turn();
  CHECK(world.find(id).report->result == "7");
  CHECK(world.find(id).progress.deliveries == 2);
  CHECK(world.find(id).progress.attempt == 1);
  CHECK(world.find(id).progress.history.size() == 1);
}

// Of two workers, in a fleet: jobs that wait for a plugin leave them free.
TEST_CASE("jobs that wait for a plugin make room for others, as many as the pool has places") {
  World world;
  world.options.appetite = {.least = 4, .most = 500, .ahead = Millis(100)};
  world.pool.capacity = 200;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  for (int i = 0; i < 300; ++i) world.submit();
  CHECK(world.pool.jobs.size() <= 4);

  std::vector<sandbox::Answer> answers;
  size_t called = 0;
  const auto all_call = [&] {
    for (; called < world.pool.jobs.size(); ++called) {
      const sandbox::Job job = world.pool.jobs[called].job;
      ++world.pool.waiting_jobs;
      call(world, job, answers);
    }
  };
  all_call();  // each that comes calls, too
  CHECK(world.pool.jobs.size() == 200);
  CHECK(world.plugins.calls.size() == 200);
  CHECK(runner.running() == 200);

  SECTION("they are taken in no more once they compute") {
    world.pool.waiting_jobs = 0;
    for (int i = 0; i < 50; ++i) world.pool.succeed("1");
    world.executor.turn();
    CHECK(world.pool.jobs.size() == 150);
  }
}

}  // namespace
}  // namespace sluice::test
