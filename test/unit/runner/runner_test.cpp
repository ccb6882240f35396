#include "runner/runner.h"

#include "test/support/held_store.h"
#include "test/unit/runner/world.h"

namespace sluice::test {
namespace {

using Fate = sandbox::Execution::Fate;
using Phase = Announcement::Phase;

TEST_CASE("a job is claimed, run, finished, announced twice and acknowledged") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  REQUIRE(world.pool.jobs.size() == 1);
  const sandbox::Job& job = world.pool.jobs[0].job;
  CHECK(job.action == "hello");
  CHECK(*job.payload == "{}");
  CHECK(job.code->bytecode == "stored");
  CHECK(job.memory_bytes == 1 << 20);
  CHECK(world.find(id).progress.state == State::kRunning);

  world.pool.succeed("42");
  world.executor.turn();
  const Invocation done = world.find(id);
  CHECK(done.progress.state == State::kDone);
  CHECK(done.progress.outcome == Outcome::kSucceeded);
  CHECK(done.report->result == "42");
  CHECK(world.announced(id, Phase::kResult));
  CHECK(world.announced(id, Phase::kDurable));
  CHECK(world.depth().delivered == 0);
  CHECK(world.metrics.text().find(R"(sluice_done_total{action="hello",outcome="succeeded"} 1)") !=
        std::string::npos);
}

TEST_CASE("no more is taken than the pool has room for") {
  World world;
  world.pool.capacity = 3;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  for (int i = 0; i < 10; ++i) world.submit();
  CHECK(world.pool.jobs.size() == 3);
  CHECK(world.depth().waiting == 7);
  for (int i = 0; i < 10; ++i) {
    world.pool.succeed("1");
    world.executor.turn();
  }
  CHECK(world.pool.jobs.empty());
  CHECK(world.depth().waiting == 0);
}

TEST_CASE("nothing is taken before the start, and nothing while the store is away") {
  World world;
  HeldStore held(world.store);
  runner::Runner runner(world.parts(held), world.options);
  world.submit();
  runner.tick();
  world.executor.turn();
  CHECK(world.pool.jobs.empty());
  held.refuse = Error{Code::kUnavailable, "store", "away"};
  runner.start();
  runner.tick();
  world.executor.turn();
  CHECK(world.pool.jobs.empty());
  CHECK(world.depth().waiting == 1);
  held.refuse.reset();
  runner.tick();
  world.executor.turn();
  CHECK(world.pool.jobs.size() == 1);
}

TEST_CASE("an id that is pushed twice, or unknown, does no harm") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  world.queue.push({{world.ids.next(), Lane{}}}, nullptr);
  const Uuid id = world.submit();
  world.pool.succeed("1");
  world.executor.turn();
  world.queue.push({{id, Lane{}}}, nullptr);
  world.executor.turn();
  CHECK(world.pool.jobs.empty());
  CHECK(world.depth().delivered == 0);
}

TEST_CASE("a job under which its worker died runs again alone, and is dead after the third") {
  World world;
  world.options.rules.worker_death_retry = Millis(0);
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  for (int death = 1; death <= 3; ++death) {
    REQUIRE(world.pool.jobs.size() == 1);
    CHECK(world.pool.jobs[0].job.alone == (death > 1));
    CHECK_FALSE(is_finished(world.find(id).progress.state));
    Report last_words;
    last_words.outcome = Outcome::kUnknown;
    last_words.message = "killed by signal 11";
    world.pool.end(Fate::kWorkerDied, last_words);
    world.executor.turn();
  }
  const Invocation dead = world.find(id);
  CHECK(dead.progress.state == State::kDead);
  CHECK(dead.progress.outcome == Outcome::kDead);
  CHECK(dead.report->message.find("killed by signal 11") != std::string::npos);
  CHECK(dead.progress.history.size() == 3);
  CHECK(world.announced(id, Phase::kDurable));
}

TEST_CASE("each worker that dies under a job makes its next attempt wait twice as long") {
  World world;
  world.options.rules.worker_death_retry = Millis(500);
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  world.pool.end(Fate::kWorkerDied, {});
  world.executor.turn();
  CHECK(world.pool.jobs.empty());
  CHECK(world.find(id).progress.state == State::kScheduled);
  CHECK(world.find(id).progress.due_at == world.clock.wall() + Millis(500));

  world.clock.advance(Millis(500));
  world.queue.push({{id, Lane{"default", "default", "a"}}}, nullptr);
  world.executor.turn();
  REQUIRE(world.pool.jobs.size() == 1);
  world.pool.end(Fate::kWorkerDied, {});
  world.executor.turn();
  CHECK(world.find(id).progress.due_at == world.clock.wall() + Millis(1'000));
}

namespace {

// A runner whose places are all held by jobs of `hello`, of which more wait.
struct FloodedWorld : World {
  static constexpr size_t kPlaces = 32;

  FloodedWorld() {
    pool.capacity = kPlaces;
    runner.start();
    for (size_t i = 0; i < 10 * kPlaces; ++i) submit();
    runner.look_for_others();  // there was room until now
  }

  void look() {
    runner.look_for_others();
    executor.turn();
  }

  // Ends one job of `action`.
  void end_one(const std::string& action) {
    const auto one = std::find_if(pool.jobs.begin(), pool.jobs.end(),
                                  [&](const auto& given) { return given.job.action == action; });
    REQUIRE(one != pool.jobs.end());
    std::iter_swap(pool.jobs.begin(), one);
    pool.succeed("1");
    executor.turn();
  }

  size_t running(const std::string& action) const {
    return static_cast<size_t>(
        std::count_if(pool.jobs.begin(), pool.jobs.end(),
                      [&](const auto& given) { return given.job.action == action; }));
  }

  runner::Runner runner{parts(), options};
};

}  // namespace

TEST_CASE("an action whose slow jobs hold every place does not keep the others out") {
  FloodedWorld world;
  REQUIRE(world.pool.jobs.size() == FloodedWorld::kPlaces);
  world.submit(world.submission("other"));
  CHECK(world.running("other") == 0);  // who has room is asked first
  world.look();
  CHECK(world.running("other") == 1);
  CHECK(world.running("hello") == FloodedWorld::kPlaces);

  SECTION("nor do those of it that wait already, however many") {
    for (int i = 0; i < 10; ++i) world.look();
    CHECK(world.running("hello") == FloodedWorld::kPlaces);
    world.submit(world.submission("another"));
    world.look();
    CHECK(world.running("another") == 1);
  }
  SECTION("nor where one of its jobs ends now and then and makes no room") {
    world.pool.capacity = FloodedWorld::kPlaces / 2;
    for (size_t i = 0; i < FloodedWorld::kPlaces / 4; ++i) {
      world.end_one("hello");
      world.submit(world.submission("another"));
      world.look();
      CHECK(world.running("another") > 0);
      world.end_one("another");
    }
  }
}

TEST_CASE("others that come in beyond the room follow one another without a look") {
  FloodedWorld world;
  for (int i = 0; i < 20; ++i) world.submit(world.submission("other"));
  world.look();
  const size_t at_once = world.running("other");
  CHECK(at_once > 0);
  CHECK(at_once < 20);
  for (int left = 20; left > 0; --left) world.end_one("other");
  CHECK(world.running("other") == 0);
  CHECK(world.depth().waiting == 9 * FloodedWorld::kPlaces);
}

TEST_CASE("others come in beyond the room up to a bound, and leave a place for who comes last") {
  FloodedWorld world;
  for (int action = 0; action < 5; ++action) {
    const std::string name = "flood" + std::to_string(action);
    for (int i = 0; i < 100; ++i) world.submit(world.submission(name));
    for (int i = 0; i < 100; ++i) world.look();
    CHECK(world.running(name) > 0);
  }
  CHECK(world.pool.jobs.size() < FloodedWorld::kPlaces + 64);
  world.submit(world.submission("last"));
  world.look();
  CHECK(world.running("last") == 1);

  for (int action = 0; action < 100; ++action)
    world.submit(world.submission("many" + std::to_string(action)));
  for (int i = 0; i < 100; ++i) world.look();
  CHECK(world.pool.jobs.size() == FloodedWorld::kPlaces + 64);
  CHECK(world.running("hello") == FloodedWorld::kPlaces);
}

TEST_CASE("where a job of the others makes room nobody is looked for") {
  FloodedWorld world;
  world.submit(world.submission("other"));
  world.end_one("hello");  // the queue gives from each action in turn
  world.end_one("hello");
  CHECK(world.running("other") == 1);
  world.submit(world.submission("other"));
  world.look();  // there was room since
  CHECK(world.running("other") == 1);
  world.look();
  CHECK(world.running("other") == 2);
}

TEST_CASE("what waits for its code has its place already") {
  World world;
  world.pool.capacity = 4;
  runner::Runner runner(world.parts(), world.options);
  for (int i = 0; i < 100; ++i) world.submit();
  runner.start();
  world.executor.turn();
  CHECK(world.pool.jobs.size() == 4);
}

TEST_CASE("a runner that is stuck leaves to others what comes in") {
  World world;
  world.pool.capacity = 1;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  world.submit();
  for (int i = 0; i < 3; ++i) runner.look_for_others();
  CHECK(world.depth().waiting == 0);  // and the runner has its answer, too
  world.submit();
  CHECK(world.pool.jobs.size() == 1);
}

TEST_CASE("draining takes no more, hands back what did not run, and then says so") {
  World world;
  world.pool.capacity = 1;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid first = world.submit();
  const Uuid second = world.submit();
  bool drained = false;
  runner.drain(Millis(100), [&] { drained = true; });
  world.executor.turn();
  CHECK(drained);
  CHECK(world.pool.stopped);
  CHECK(world.find(first).progress.state == State::kQueued);
  CHECK(world.find(second).progress.state == State::kQueued);
  CHECK(world.find(first).progress.attempt == 0);
}

TEST_CASE("what was still being compiled when the runner drains is handed back uncharged") {
  World world;
  world.code = world.put_code("old", "function main() end", "another build");
  world.compiler.hold = true;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit(world.submission("old"));
  REQUIRE(world.compiler.held.size() == 1);
  bool drained = false;
  runner.drain(Millis(100), [&] { drained = true; });
  world.executor.turn();
  CHECK_FALSE(drained);
  SECTION("the compiler stops with the runner") {
    world.compiler.held[0](Error{Code::kUnavailable, "compile", "stopping"});
    world.executor.turn();
    CHECK(drained);
    CHECK(world.find(id).progress.state == State::kQueued);
    CHECK(world.find(id).progress.attempt == 0);
    CHECK(world.depth().waiting == 1);
  }
  SECTION("a source that does not compile does so at any time") {
    world.compiler.held[0](Error{Code::kInvalid, "compile", "old.lua:1: unexpected symbol"});
    world.executor.turn();
    CHECK(drained);
    CHECK(world.find(id).progress.outcome == Outcome::kPlatform);
  }
}

TEST_CASE("a store that was away while code was read costs no attempt") {
  World world;
  HeldStore store(world.store);
  runner::Runner runner(world.parts(store), world.options);
  runner.start();
  const Error error = GENERATE(Error{Code::kUnavailable, "mongodb", "away"},
                               Error{Code::kFull, "compile", "too many sources wait"});
  store.refuse_codes = error;
  const Uuid id = world.submit();
  for (int delivery = 1; delivery <= 2; ++delivery) {
    CHECK(world.find(id).progress.attempt == 0);
    CHECK(world.find(id).progress.state == State::kScheduled);
    CHECK(world.find(id).progress.due_at == world.clock.wall() + Millis(1'000 * delivery));
    CHECK(world.depth().waiting == 0);  // the sweeper brings it when it is due
    if (delivery == 2) store.refuse_codes.reset();
    world.clock.advance(Millis(1'000 * delivery));
    world.queue.push({{id, Lane{"default", "default", "hello"}}}, nullptr);
    world.executor.turn();
  }
  REQUIRE(world.pool.jobs.size() == 1);
  CHECK_FALSE(world.pool.jobs[0].job.alone);
  world.pool.end(Fate::kWorkerDied, {});
  world.executor.turn();
  CHECK(world.find(id).progress.state == State::kScheduled);  // the first worker that died
  CHECK(world.find(id).progress.attempt == 1);
}

TEST_CASE("nothing is taken while no worker can be started") {
  World world;
  world.compiler.refuse = Error{Code::kUnavailable, "pool", "no sandbox worker can be started"};
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  world.submit();
  runner.tick();
  runner.look_for_others();
  CHECK(world.depth().waiting == 1);
  world.compiler.refuse.reset();
  runner.tick();
  world.executor.turn();
  CHECK(world.pool.jobs.size() == 1);
}

TEST_CASE("a late result of a lease that was lost is refused, and not announced as durable") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  world.clock.advance(Millis(61'000));
  world.store.claim({id}, Claim{world.ids.next(), "other", world.clock.wall()},
                    [](const std::vector<Result<Delivery>>& claimed) { CHECK(claimed[0].ok()); });
  world.executor.turn();
  world.pool.succeed("late");
  world.executor.turn();
  CHECK(world.find(id).progress.state == State::kRunning);
  CHECK_FALSE(world.announced(id, Phase::kDurable));
}

TEST_CASE("leases that are renewed are not lost") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  for (int i = 0; i < 5; ++i) {
    world.clock.advance(Millis(30'000));
    runner.tick();
    world.executor.turn();
  }
  world.pool.succeed("long");
  world.executor.turn();
  CHECK(world.find(id).report->result == "long");
}

TEST_CASE("what was cancelled while it ran ends as cancelled") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  world.store.cancel({id}, [](const std::vector<Status>& statuses) { CHECK(statuses[0].ok()); });
  world.clock.advance(world.store.lease() / 4);
  world.executor.turn();
  runner.tick();
  world.executor.turn();
  world.pool.succeed("too late");
  world.executor.turn();
  CHECK(world.find(id).progress.outcome == Outcome::kCancelled);
}

TEST_CASE("code that cannot be found is our failure, not the job's") {
  World world;
  world.code = Sha256{};
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  CHECK(world.find(id).progress.outcome == Outcome::kPlatform);
}

TEST_CASE("endings are told in the words of the original server") {
  World world;
  runner::Runner runner(world.parts(), world.options);
  runner.start();
  const Uuid id = world.submit();
  Report report;
  report.outcome = Outcome::kOutOfMemory;
  report.message = "memory limit of 1024 KB exceeded";
  world.pool.end(Fate::kFinished, report);
  world.executor.turn();
  CHECK(world.find(id).report->message ==
        "Action 'hello' aborted after violating memory constraints (memory limit of 1024 KB "
        "exceeded)");
}

}  // namespace
}  // namespace sluice::test
