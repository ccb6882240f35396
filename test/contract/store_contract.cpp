// What every store must do: submissions, claims, leases, ends.
#include "test/contract/store_harness.h"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

#define EVERY_STORE(name) \
  TEMPLATE_TEST_CASE(name, "[store]", MemoryHarness, SqliteHarness, MongoHarness)

EVERY_STORE("An inserted invocation is found as it was submitted") {
  TestType at;
  const auto item = at.inserted([&](Submission& made) {
    made.ns = "other";
    made.queue = "slow";
    made.priority = -3;
    made.payload = std::string("[\"\0\", \"ü\", 1]", 13);
    made.batch_id = at.ids.next();
    made.batch_index = 7;
    made.parent_id = at.ids.next();
    made.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    made.ikey = sha256("a key");
    made.allow = {{"http", "a.b_c-D9"}};
    made.due_at = at.clock.wall() + 5min;
  });
  const auto found = at.find(item->id);
  REQUIRE(found.ok());
  const Submission& what = *found->submission;
  CHECK(what.v == kRecordVersion);
  CHECK(what.ns == "other");
  CHECK(what.action == "hello");
  CHECK(what.action_version == 1);
  CHECK(what.code_hash == item->code_hash);
  CHECK(what.limits == item->limits);
  CHECK(what.queue == "slow");
  CHECK(what.priority == -3);
  CHECK(what.created_at == item->created_at);
  CHECK(what.due_at == item->due_at);
  CHECK(what.payload == item->payload);
  CHECK(what.batch_id == item->batch_id);
  CHECK(what.batch_index == 7);
  CHECK(what.parent_id == item->parent_id);
  CHECK(what.traceparent == item->traceparent);
  CHECK(what.ikey == item->ikey);
  CHECK(what.allow == item->allow);
  CHECK(found->progress.state == State::kScheduled);
  CHECK(found->progress.due_at == item->due_at);
  CHECK(found->progress.attempt == 0);
  CHECK_FALSE(found->progress.claim.has_value());
  CHECK(found->report == nullptr);
}

EVERY_STORE("An unknown invocation is not found, by any call") {
  TestType at;
  const Uuid id = at.ids.next(), token = at.ids.next();
  CHECK(at.find(id).error().code == Code::kNotFound);
  CHECK(at.claim_one(id, token).error().code == Code::kNotFound);
  CHECK(at.finish({at.finished(id, token)})[0].error().code == Code::kNotFound);
  CHECK(at.cancel({id})[0].error().code == Code::kNotFound);
  CHECK(at.renew({id}, token)[0].answer == Renewed::Answer::kLost);
  CHECK(at.when_recorded(id).error().code == Code::kNotFound);
}

EVERY_STORE("What an invocation may use is kept: all, some, or nothing") {
  TestType at;
  using Names = std::vector<std::string>;
  const Uuid token = at.ids.next();
  for (const Allow& allow :
       {Allow(), Allow(Names{}), Allow(Names{"kv"}), Allow(Names{"kv", "a"})}) {
    const auto item = at.inserted([&](Submission& made) { made.allow = allow; });
    CHECK(at.find(item->id)->submission->allow == allow);
    CHECK(at.claim_one(item->id, token)->submission->allow == allow);
    CHECK(at.finish({at.finished(item->id, token)})[0].ok());
    CHECK(at.find(item->id)->submission->allow == allow);
    CHECK(at.list()->at(0).submission->allow == allow);
  }
}

EVERY_STORE("Whether a record is durable is known when it is claimed, and can be waited for") {
  TestType at;
  const auto item = at.inserted();
  CHECK(at.when_recorded(item->id).ok());
  const auto delivery = at.claim_one(item->id, at.ids.next());
  REQUIRE(delivery.ok());
  CHECK(delivery->recorded);
  CHECK(at.when_recorded(item->id).ok());

  // Asked while the insert is on its way.
  const auto next = at.submission();
  bool inserted = false, answered = false;
  at.store->insert({next}, Urgency::kLinger, [&](auto) { inserted = true; });
  at.store->when_recorded(next->id, [&](const Status& status) {
    CHECK(status.ok());
    answered = true;
  });
  REQUIRE(at.executor.turn_until([&] { return inserted && answered; }));
  CHECK(at.find(next->id).ok());
}

EVERY_STORE("Empty batches are answered") {
  TestType at;
  CHECK(at.insert({}).empty());
  CHECK(at.claim({}, at.ids.next()).empty());
  CHECK(at.renew({}, at.ids.next()).empty());
  CHECK(at.finish({}).empty());
  CHECK(at.cancel({}).empty());
  CHECK(at.flush().ok());
}

EVERY_STORE("An id is taken once, and one bad item does not fail its batch") {
  TestType at;
  const auto first = at.inserted();
  const auto second = at.submission(), third = at.submission();
  const auto results = at.insert({second, first, third});
  CHECK(results[0].status.ok());
  CHECK(results[1].status.error().code == Code::kConflict);
  CHECK(results[2].status.ok());
  CHECK(at.find(second->id).ok());
  CHECK(at.find(third->id).ok());

  const Uuid token = at.ids.next();
  at.claim({first->id, second->id, third->id}, token);
  const auto ends =
      at.finish({at.finished(first->id, token), at.finished(second->id, at.ids.next()),
                 at.finished(third->id, token)});
  CHECK(ends[0].ok());
  CHECK(ends[1].error().code == Code::kRefused);
  CHECK(ends[2].ok());

  // Finished ones still hold their ids.
  CHECK(at.insert({first})[0].status.error().code == Code::kConflict);
  CHECK(at.find(first->id)->progress.state == State::kDone);
}

EVERY_STORE("The same idempotency key gives the first invocation") {
  TestType at;
  const auto keyed = [](Submission& made) { made.ikey = sha256("key"); };
  const auto first = at.submission(keyed), second = at.submission(keyed);

  SECTION("in one batch") {
    const auto results = at.insert({first, second});
    CHECK(results[0].id == first->id);
    CHECK_FALSE(results[0].deduplicated);
    CHECK(results[1].status.ok());
    CHECK(results[1].id == first->id);
    CHECK(results[1].deduplicated);
  }
  SECTION("in two calls that wait together") {
    std::vector<Inserted> one, other;
    at.store->insert({first}, Urgency::kLinger, [&](auto results) { one = results; });
    at.store->insert({second}, Urgency::kNow, [&](auto results) { other = results; });
    REQUIRE(at.executor.turn_until([&] { return !one.empty() && !other.empty(); }));
    CHECK(one[0].id == first->id);
    CHECK(other[0].id == first->id);
    CHECK(other[0].deduplicated);
  }
  SECTION("after it has ended") {
    at.insert({first});
    const Uuid token = at.ids.next();
    at.claim({first->id}, token);
    at.finish({at.finished(first->id, token)});
    const auto results = at.insert({second});
    CHECK(results[0].status.ok());
    CHECK(results[0].id == first->id);
    CHECK(results[0].deduplicated);
  }
  CHECK(at.find(second->id).error().code == Code::kNotFound);
  CHECK(at.claim_one(second->id, at.ids.next()).error().code == Code::kNotFound);
}

EVERY_STORE("A hundred submissions with one key make one invocation") {
  TestType at;
  std::vector<Inserted> results;
  for (int i = 0; i < 100; ++i) {
    const auto item = at.submission([](Submission& made) { made.ikey = sha256("key"); });
    at.store->insert({item}, i % 2 ? Urgency::kNow : Urgency::kLinger,
                     [&](auto one) { results.push_back(one.at(0)); });
    if (i % 10 == 9) at.executor.turn();
  }
  REQUIRE(at.executor.turn_until([&] { return results.size() == 100; }));
  int made = 0;
  for (const Inserted& result : results) {
    CHECK(result.status.ok());
    CHECK(result.id == results[0].id);
    made += !result.deduplicated;
  }
  CHECK(made == 1);
  CHECK(at.list()->size() == 1);
}

EVERY_STORE("A claim gives the submission, once") {
  TestType at;
  const auto item = at.inserted();
  const Uuid token = at.ids.next();
  const auto first = at.claim_one(item->id, token);
  REQUIRE(first.ok());
  CHECK(first->submission->payload == item->payload);
  CHECK(first->attempt == 1);
  CHECK(first->deliveries == 1);
  CHECK(at.claim_one(item->id, at.ids.next()).error().code == Code::kRefused);
  CHECK(at.claim_one(item->id, token).error().code == Code::kRefused);

  const auto found = at.find(item->id);
  CHECK(found->progress.state == State::kRunning);
  REQUIRE(found->progress.claim.has_value());
  CHECK(found->progress.claim->token == token);
  CHECK(found->progress.claim->runner == "runner-1");
  CHECK(found->progress.claim->at == at.clock.wall());
}

EVERY_STORE("One call that names an id twice claims it once") {
  TestType at;
  const auto item = at.inserted();
  const auto results = at.claim({item->id, item->id}, at.ids.next());
  CHECK(results[0].ok());
  CHECK(results[1].error().code == Code::kRefused);
}

EVERY_STORE("What is scheduled can be claimed when it is due, not before") {
  TestType at;
  const auto item = at.inserted([&](Submission& made) { made.due_at = at.clock.wall() + 10min; });
  CHECK(at.claim_one(item->id, at.ids.next()).error().code == Code::kRefused);
  at.clock.advance(10min - 1ms);
  CHECK(at.claim_one(item->id, at.ids.next()).error().code == Code::kRefused);
  at.clock.advance(1ms);
  CHECK(at.claim_one(item->id, at.ids.next()).ok());
}

EVERY_STORE("An invocation can be claimed and finished before its insert is answered") {
  TestType at;
  const auto item = at.submission();
  const Uuid token = at.ids.next();
  std::vector<Inserted> inserted;
  at.store->insert({item}, Urgency::kLinger, [&](auto results) { inserted = results; });
  CHECK(at.claim_one(item->id, token).ok());
  CHECK(at.finish({at.finished(item->id, token)})[0].ok());
  REQUIRE(at.executor.turn_until([&] { return !inserted.empty(); }));
  CHECK(inserted[0].status.ok());
  CHECK(at.find(item->id)->report->result == "42");
}

EVERY_STORE("A result is written once") {
  TestType at;
  const auto item = at.inserted();
  const Uuid token = at.ids.next();
  at.claim({item->id}, token);
  at.clock.advance(5ms);
  CHECK(at.finish({at.finished(item->id, at.ids.next(), "\"theft\"")})[0].error().code ==
        Code::kRefused);
  const auto ends =
      at.finish({at.finished(item->id, token, "\"one\""), at.finished(item->id, token, "\"two\"")});
  CHECK(ends[0].ok());
  CHECK(ends[1].error().code == Code::kRefused);
  CHECK(at.finish({at.finished(item->id, token, "\"three\"")})[0].error().code == Code::kRefused);
  CHECK(at.claim_one(item->id, at.ids.next()).error().code == Code::kRefused);

  const auto found = at.find(item->id);
  const Progress& progress = found->progress;
  CHECK(progress.state == State::kDone);
  CHECK(progress.outcome == Outcome::kSucceeded);
  CHECK(progress.started_at == at.clock.wall());
  CHECK(progress.ended_at == at.clock.wall());
  CHECK(progress.expires_at == at.clock.wall() + at.options.retention);
  CHECK_FALSE(progress.claim.has_value());
  CHECK(progress.attempt == 1);
  REQUIRE(progress.history.size() == 1);
  CHECK(progress.history[0].outcome == Outcome::kSucceeded);
  CHECK(found->report->result == "\"one\"");
  CHECK(found->report->run_time == 17us);
  CHECK(found->report->cpu_time == 13us);
  CHECK(found->report->memory_peak_bytes == 4096);
}

EVERY_STORE("A result without a report is invalid") {
  TestType at;
  const auto item = at.inserted();
  const Uuid token = at.ids.next();
  at.claim({item->id}, token);
  Finish finish = at.finished(item->id, token);
  finish.report = nullptr;
  CHECK(at.finish({finish})[0].error().code == Code::kInvalid);
  CHECK(at.find(item->id)->progress.state == State::kRunning);
}

EVERY_STORE("A lost lease lets another runner claim, and refuses the late result") {
  TestType at;
  const auto item = at.inserted();
  const Uuid early = at.ids.next(), late = at.ids.next();
  at.claim({item->id}, early);
  at.clock.advance(at.options.lease - 1ms);
  CHECK(at.claim_one(item->id, late).error().code == Code::kRefused);
  at.clock.advance(1ms);

  SECTION("once another has it") {
    const auto second = at.claim_one(item->id, late);
    REQUIRE(second.ok());
    CHECK(second->attempt == 1);  // the lost one does not count
    CHECK(second->deliveries == 2);
    CHECK(at.finish({at.finished(item->id, early, "\"late\"")})[0].error().code == Code::kRefused);
    CHECK(at.renew({item->id}, early)[0].answer == Renewed::Answer::kLost);
    CHECK(at.finish({at.finished(item->id, late, "\"right\"")})[0].ok());
    CHECK(at.find(item->id)->report->result == "\"right\"");
  }
  SECTION("and not before") {
    CHECK(at.finish({at.finished(item->id, early, "\"in time\"")})[0].ok());
    CHECK(at.claim_one(item->id, late).error().code == Code::kRefused);
  }
}

EVERY_STORE("A renewed lease holds") {
  TestType at;
  const auto item = at.inserted();
  const auto other = at.inserted();
  const Uuid token = at.ids.next();
  at.claim({item->id}, token);
  for (int i = 0; i < 5; ++i) {
    at.clock.advance(at.options.lease - 1ms);
    const auto answers = at.renew({item->id, other->id}, token);
    CHECK(answers[0].answer == Renewed::Answer::kKept);
    CHECK(answers[1].answer == Renewed::Answer::kLost);
    CHECK(at.claim_one(item->id, at.ids.next()).error().code == Code::kRefused);
  }
}

EVERY_STORE("A failure that is tried again waits until it is due, and counts") {
  TestType at;
  const auto item = at.inserted();
  Uuid token = at.ids.next();
  at.claim({item->id}, token);
  Finish retry = at.failed(item->id, token, Finish::Next::kRetry, "went wrong");
  retry.retry_after = 1min;
  CHECK(at.finish({retry})[0].ok());

  auto found = at.find(item->id);
  CHECK(found->progress.state == State::kScheduled);
  CHECK(found->progress.due_at == at.clock.wall() + 1min);
  CHECK(found->progress.outcome == Outcome::kFailed);
  CHECK_FALSE(found->progress.expires_at.has_value());
  CHECK(found->submission->due_at == item->due_at);
  CHECK(found->report->message == "went wrong");
  CHECK(found->report->logs == "a log\n");
  CHECK(found->report->traceback == "stack traceback: …");
  CHECK(at.claim_one(item->id, at.ids.next()).error().code == Code::kRefused);

  at.clock.advance(1min);
  token = at.ids.next();
  const auto second = at.claim_one(item->id, token);
  REQUIRE(second.ok());
  CHECK(second->attempt == 2);
  CHECK(
      at.finish({at.failed(item->id, token, Finish::Next::kDead, std::string(300, 'x'))})[0].ok());
  found = at.find(item->id);
  CHECK(found->progress.state == State::kDead);
  CHECK(found->progress.attempt == 2);
  REQUIRE(found->progress.history.size() == 2);
  CHECK(found->progress.history[0].message == "went wrong");
  CHECK(found->progress.history[1].number == 2);
  CHECK(found->progress.history[1].message == std::string(256, 'x'));
  CHECK(found->report->message == std::string(300, 'x'));
}

EVERY_STORE("What is returned is due again at once, uncharged") {
  TestType at;
  const auto item = at.inserted();
  const Uuid token = at.ids.next();
  at.claim({item->id}, token);
  CHECK(at.finish({at.returned(item->id, token)})[0].ok());
  const auto found = at.find(item->id);
  CHECK(found->progress.state == State::kQueued);
  CHECK(found->progress.attempt == 0);
  CHECK(found->progress.deliveries == 1);
  CHECK(found->report == nullptr);
  const auto again = at.claim_one(item->id, at.ids.next());
  REQUIRE(again.ok());
  CHECK(again->attempt == 1);
  CHECK(again->deliveries == 2);
}

EVERY_STORE("What is returned for later is due then, uncharged") {
  TestType at;
  const auto item = at.inserted();
  const Uuid token = at.ids.next();
  at.claim({item->id}, token);
  CHECK(at.finish({at.returned(item->id, token, Millis(500))})[0].ok());
  CHECK(at.find(item->id)->progress.state == State::kScheduled);
  CHECK(at.find(item->id)->progress.attempt == 0);
  CHECK_FALSE(at.claim_one(item->id, at.ids.next()).ok());
  at.clock.advance(Millis(500));
  const auto again = at.claim_one(item->id, at.ids.next());
  REQUIRE(again.ok());
  CHECK(again->attempt == 1);
}

EVERY_STORE("The history keeps the first attempts and the last") {
  TestType at;
  const auto item = at.inserted();
  for (size_t i = 1; i <= kAttemptHistory + 5; ++i) {
    const Uuid token = at.ids.next();
    REQUIRE(at.claim_one(item->id, token).ok());
    REQUIRE(
        at.finish({at.failed(item->id, token, Finish::Next::kRetry, std::to_string(i))})[0].ok());
  }
  const auto history = at.find(item->id)->progress.history;
  REQUIRE(history.size() == kAttemptHistory);
  CHECK(history.front().number == 1);
  CHECK(history.back().number == kAttemptHistory + 5);
}

EVERY_STORE("Cancelling ends what waits and marks what runs") {
  TestType at;
  SECTION("queued") {
    const auto item = at.inserted();
    CHECK(at.cancel({item->id})[0].ok());
    const auto found = at.find(item->id);
    CHECK(found->progress.state == State::kDone);
    CHECK(found->progress.outcome == Outcome::kCancelled);
    CHECK(found->progress.ended_at == at.clock.wall());
    CHECK(found->report->outcome == Outcome::kCancelled);
    CHECK(at.claim_one(item->id, at.ids.next()).error().code == Code::kRefused);
    CHECK(at.cancel({item->id})[0].error().code == Code::kRefused);
  }
  SECTION("scheduled") {
    const auto item = at.inserted([&](Submission& made) { made.due_at += 24h; });
    CHECK(at.cancel({item->id})[0].ok());
    CHECK(at.find(item->id)->progress.state == State::kDone);
  }
  SECTION("running, until it ends by itself") {
    const auto item = at.inserted();
    const Uuid token = at.ids.next();
    at.claim({item->id}, token);
    CHECK(at.cancel({item->id})[0].ok());
    CHECK(at.cancel({item->id})[0].ok());
    CHECK(at.find(item->id)->progress.cancel_requested);
    CHECK(at.renew({item->id}, token)[0].answer == Renewed::Answer::kCancel);
    CHECK(at.finish({at.finished(item->id, token)})[0].ok());
    CHECK(at.find(item->id)->progress.outcome == Outcome::kSucceeded);
  }
  SECTION("running, and would be tried again") {
    const auto item = at.inserted();
    const Uuid token = at.ids.next();
    at.claim({item->id}, token);
    at.cancel({item->id});
    CHECK(at.finish({at.failed(item->id, token, Finish::Next::kRetry, "no")})[0].ok());
    CHECK(at.find(item->id)->progress.state == State::kDone);
    CHECK(at.find(item->id)->progress.outcome == Outcome::kCancelled);
  }
  SECTION("running, and its runner is lost") {
    const auto item = at.inserted();
    at.claim({item->id}, at.ids.next());
    at.cancel({item->id});
    at.clock.advance(at.options.lease);
    CHECK(at.claim_one(item->id, at.ids.next()).error().code == Code::kRefused);
    CHECK(at.flush().ok());
    CHECK(at.find(item->id)->progress.outcome == Outcome::kCancelled);
  }
  SECTION("done") {
    const auto item = at.inserted();
    const Uuid token = at.ids.next();
    at.claim({item->id}, token);
    at.finish({at.finished(item->id, token)});
    CHECK(at.cancel({item->id})[0].error().code == Code::kRefused);
  }
}

EVERY_STORE("Large payloads, results and logs come back whole") {
  TestType at;
  const std::string large(300'000, 'p');
  const auto item = at.inserted([&](Submission& made) { made.payload = '"' + large + '"'; });
  const Uuid token = at.ids.next();
  CHECK(at.claim_one(item->id, token)->submission->payload == item->payload);
  Finish finish = at.finished(item->id, token);
  auto report = std::make_shared<Report>(*finish.report);
  report->result = '"' + std::string(400'000, 'r') + '"';
  report->logs = std::string(20'000, 'l') + '\0' + "after the zero";
  finish.report = report;
  CHECK(at.finish({finish})[0].ok());
  const auto found = at.find(item->id);
  CHECK(found->submission->payload == item->payload);
  CHECK(found->report->result == report->result);
  CHECK(found->report->logs == report->logs);
}
