// What comes in one turn goes to store and queue together.
#include <catch2/catch.hpp>

#include "api/submitter.h"
#include "test/support/turn_executor.h"
#include "world.h"

namespace sluice::test {
namespace {

struct Fixture {
  explicit Fixture(bool early = true) : submitter(executor, store, queue, log, metrics, early) {}

  SubmissionPtr make(bool keyed = false) {
    auto submission = std::make_shared<Submission>();
    submission->id = ids.next();
    submission->action = "a";
    submission->limits = {Millis(1000), 1 << 20};
    submission->created_at = submission->due_at = clock.wall();
    if (keyed) submission->ikey = sha256("key");
    return submission;
  }
  void submit(SubmissionPtr submission, Urgency urgency = Urgency::kNow) {
    submitter.submit(std::move(submission), urgency,
                     [this](const Inserted& inserted) { answers.push_back(inserted); });
  }
  size_t on_queue() {
    size_t waiting = 0;
    queue.depth([&](Result<Depth> depth) { waiting = depth->waiting; });
    executor.turn();
    return waiting;
  }

  TurnExecutor executor;
  ManualClock clock;
  UuidGenerator ids{clock};
  Log log{LogOptions{LogLevel::kOff, false, false}};
  Metrics metrics;
  MemoryStore memory{executor, clock};
  HeldStore store{memory};
  LocalQueue queue{executor};
  api::Submitter submitter;
  std::vector<Inserted> answers;
};

TEST_CASE("one turn makes one insert for each urgency") {
  Fixture f;
  for (int i = 0; i < 5; ++i) f.submit(f.make());
  for (int i = 0; i < 5; ++i) f.submit(f.make(), Urgency::kLinger);
  CHECK(f.store.insert_calls == 0);
  f.executor.turn();
  CHECK(f.store.insert_calls == 2);
  CHECK(f.answers.size() == 10);
  CHECK(f.on_queue() == 10);
  CHECK(f.metrics.text().find("sluice_accepted_total{action=\"a\"} 10") != std::string::npos);
}

TEST_CASE("a job is queued before its record is durable only where that is allowed") {
  const bool early = GENERATE(true, false);
  Fixture f(early);
  f.store.hold_inserts = true;
  f.submit(f.make());
  f.executor.turn();
  CHECK(f.answers.empty());
  CHECK(f.on_queue() == (early ? 1 : 0));
  f.store.release();
  CHECK(f.answers.size() == 1);
  CHECK(f.on_queue() == 1);
}

TEST_CASE("with a key the job is queued once it is known to be the first") {
  Fixture f;
  f.store.hold_inserts = true;
  const SubmissionPtr first = f.make(true);
  f.submit(first);
  f.submit(f.make(true));
  f.executor.turn();
  CHECK(f.on_queue() == 0);
  f.store.release();
  CHECK(f.on_queue() == 1);
  REQUIRE(f.answers.size() == 2);
  CHECK(!f.answers[0].deduplicated);
  CHECK(f.answers[1].deduplicated);
  CHECK(f.answers[1].id == first->id);
}

TEST_CASE("what the store refuses is told so") {
  Fixture f;
  f.store.refuse = Error{Code::kUnavailable, "store.insert", "disk full"};
  f.submit(f.make(true));
  f.executor.turn();
  f.store.release();
  REQUIRE(f.answers.size() == 1);
  CHECK(f.answers[0].status.error().code == Code::kUnavailable);
  CHECK(f.on_queue() == 0);
  CHECK(f.metrics.text().find("sluice_not_recorded_total 1") != std::string::npos);
}

}  // namespace
}  // namespace sluice::test
