// What the SQLite store promises beyond the contract: few writes, and everything there after a
// restart.
#include <sys/wait.h>
#include <unistd.h>

#include "store/sqlite/log_space.h"
#include "test/contract/store_harness.h"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

TEST_CASE("Insert, claim and finish that wait together become one row write", "[sqlite]") {
  SqliteHarness at;
  const auto before = at.sqlite().stats();
  constexpr size_t kJobs = 200;
  size_t answered = 0;
  const Uuid token = at.ids.next();
  // All in one turn, so that no commit can come between, however slow the machine.
  for (size_t i = 0; i < kJobs; ++i) {
    const auto item = at.submission();
    at.store->insert({item}, Urgency::kLinger, [&](auto) { ++answered; });
    at.store->claim({item->id}, {token, "r", {}}, {});
    at.store->finish({at.finished(item->id, token)}, i % 2 ? Urgency::kNow : Urgency::kLinger,
                     [&](auto statuses) { answered += statuses[0].ok(); });
  }
  REQUIRE(at.executor.turn_until([&] { return answered == 2 * kJobs; }));
  const auto after = at.sqlite().stats();
  CHECK(after.rows_inserted - before.rows_inserted == kJobs);
  CHECK(after.rows_updated == before.rows_updated);
  CHECK(after.commits - before.commits == 1);
}

TEST_CASE("Claim and finish of a committed record become one row write", "[sqlite]") {
  SqliteHarness at;
  const auto item = at.inserted();
  const Uuid token = at.ids.next();
  std::optional<Status> status;
  at.store->claim({item->id}, {token, "r", {}}, {});
  at.store->finish({at.finished(item->id, token)}, Urgency::kNow,
                   [&](auto statuses) { status = statuses[0]; });
  REQUIRE(at.executor.turn_until([&] { return status.has_value(); }));
  CHECK(at.sqlite().stats().rows_updated == 1);
}

TEST_CASE("What lingers is written after a while without being asked for", "[sqlite]") {
  SqliteHarness at;
  const auto item = at.submission();
  CHECK(at.insert({item}, Urgency::kLinger)[0].status.ok());  // waits for the answer alone
  at.claim({item->id}, at.ids.next());
  CHECK(at.executor.turn_until([&] { return at.sqlite().stats().rows_updated == 1; }));
}

TEST_CASE("What somebody waits for is written without lingering", "[sqlite]") {
  SqliteHarness at([](SqliteStoreOptions& options) { options.linger = Millis(24h); });
  const auto item = at.submission();
  bool inserted = false, finished = false;
  at.store->insert({item}, Urgency::kLinger, [&](auto) { inserted = true; });
  at.store->hurry({item->id, at.ids.next()});  // one that nobody knows is no matter
  REQUIRE(at.executor.turn_until([&] { return inserted; }));

  const Uuid token = at.ids.next();
  at.claim({item->id}, token);
  at.store->finish({at.finished(item->id, token)}, Urgency::kLinger,
                   [&](auto) { finished = true; });
  REQUIRE(at.executor.turn_until([&] { return finished; }));
  CHECK(at.sqlite().stats().commits == 2);
}

TEST_CASE("Who waits for a record makes it join the next commit, and only that one", "[sqlite]") {
  SqliteHarness at([](SqliteStoreOptions& options) { options.linger = Millis(24h); });
  const auto item = at.submission();
  bool inserted = false;
  at.store->insert({item}, Urgency::kLinger, [&](auto) { inserted = true; });
  const auto delivery = at.claim_one(item->id, at.ids.next());
  REQUIRE(delivery.ok());
  CHECK_FALSE(delivery->recorded);
  CHECK_FALSE(inserted);
  CHECK(at.sqlite().stats().commits == 0);

  CHECK(at.when_recorded(item->id).ok());
  CHECK(inserted);
  CHECK(at.sqlite().stats().commits == 1);
  CHECK(at.when_recorded(item->id).ok());  // at once now
  CHECK(at.sqlite().stats().commits == 1);
}

TEST_CASE("Who waits for a record during its commit waits for no other", "[sqlite]") {
  SqliteHarness at([](SqliteStoreOptions& options) { options.linger = Millis(24h); });
  const auto item = at.submission();
  bool recorded = false;
  at.store->insert({item}, Urgency::kNow, {});
  // At the end of that turn it goes to the writer; the claim is a change that the commit lacks.
  at.executor.at_turn_end([&] {
    at.store->claim({item->id}, {at.ids.next(), "r", {}}, {});
    at.store->when_recorded(item->id, [&](const Status& status) { recorded = status.ok(); });
  });
  REQUIRE(at.executor.turn_until([&] { return recorded; }));
  CHECK(at.sqlite().stats().commits == 1);
  CHECK(at.sqlite().stats().rows_updated == 0);
}

TEST_CASE("A record that turns out to be a duplicate is none", "[sqlite]") {
  SqliteHarness at;
  at.inserted([](Submission& made) { made.ikey = sha256("key"); });
  at.reopen();  // the ledger has forgotten it
  const auto again = at.submission([](Submission& made) { made.ikey = sha256("key"); });
  at.store->insert({again}, Urgency::kLinger, {});
  CHECK(at.when_recorded(again->id).error().code == Code::kConflict);
  CHECK(at.when_recorded(again->id).error().code == Code::kNotFound);
}

TEST_CASE("The log has its room from the start and stays within it", "[sqlite]") {
  SqliteHarness at;
  const auto log_size = [&] {
    return std::filesystem::file_size(at.folder.path() + "/sluice.db-wal");
  };
  const auto from_the_start = log_size();
  CHECK(from_the_start == sqlite::kLogBytes);
  for (int i = 0; i < 20; ++i) at.inserted();
  CHECK(log_size() == from_the_start);
}

TEST_CASE("A renewal writes nothing", "[sqlite]") {
  SqliteHarness at;
  const auto item = at.inserted();
  const Uuid token = at.ids.next();
  at.claim({item->id}, token);
  CHECK(at.flush().ok());
  const auto before = at.sqlite().stats().commits;
  at.renew({item->id}, token);
  CHECK(at.flush().ok());
  CHECK(at.sqlite().stats().commits == before);
}

TEST_CASE("After a restart everything is there, and what was running waits again", "[sqlite]") {
  SqliteHarness at;
  const auto queued = at.inserted(), running = at.inserted(), done = at.inserted(),
             cancelled = at.inserted(), lingering = at.submission();
  const auto large = at.inserted([](Submission& made) { made.payload.assign(100'000, '1'); });
  const Uuid token = at.ids.next();
  at.claim({running->id, done->id, cancelled->id}, token);
  at.finish({at.finished(done->id, token)});
  at.cancel({cancelled->id});
  CHECK(at.put(PutMode::kCreate, "hello", "return 1").ok());
  at.store->insert({lingering}, Urgency::kLinger, {});  // written when the store is closed
  at.reopen();

  CHECK(at.find(queued->id)->progress.state == State::kQueued);
  CHECK(at.find(done->id)->progress.state == State::kDone);
  CHECK(at.find(done->id)->report->result == "42");
  CHECK(at.find(large->id)->submission->payload == large->payload);
  CHECK(at.find(lingering->id).ok());
  CHECK(at.find_action("hello")->version == 1);
  // Nobody can be waiting for it to be stopped any more.
  CHECK(at.find(cancelled->id)->progress.outcome == Outcome::kCancelled);

  const auto again = at.find(running->id);
  CHECK(again->progress.state == State::kQueued);
  CHECK(again->progress.deliveries == 1);
  CHECK(again->progress.attempt == 0);
  CHECK_FALSE(again->progress.claim.has_value());
  CHECK(at.finish({at.finished(running->id, token)})[0].error().code == Code::kRefused);
  const auto delivery = at.claim_one(running->id, at.ids.next());
  REQUIRE(delivery.ok());
  CHECK(delivery->attempt == 1);
  CHECK(delivery->deliveries == 2);
}

TEST_CASE("Ids, keys and places in the order outlive a restart", "[sqlite]") {
  SqliteHarness at;
  const auto first = at.inserted([](Submission& made) { made.ikey = sha256("key"); });
  at.reopen();
  const auto again = at.submission([](Submission& made) { made.ikey = sha256("key"); });
  const auto results = at.insert({again, first});
  CHECK(results[0].id == first->id);
  CHECK(results[0].deduplicated);
  const auto next = at.inserted();
  const auto listed = at.list();
  REQUIRE(listed->size() == 2);
  CHECK((*listed)[0].submission->id == next->id);
}

TEST_CASE("A submission whose key only the file knows is never delivered", "[sqlite]") {
  SqliteHarness at;
  const auto first = at.inserted([](Submission& made) { made.ikey = sha256("key"); });
  at.reopen();  // the ledger has forgotten it
  const auto again = at.submission([](Submission& made) { made.ikey = sha256("key"); });
  std::optional<Inserted> inserted;
  std::optional<Result<Delivery>> delivery;
  at.store->insert({again}, Urgency::kLinger, [&](auto results) { inserted = results[0]; });
  at.store->claim({again->id}, {at.ids.next(), "r", {}},
                  [&](auto results) { delivery = results[0]; });
  REQUIRE(at.executor.turn_until([&] { return inserted && delivery; }));
  CHECK(inserted->id == first->id);
  CHECK(delivery->error().code == Code::kNotFound);
}

TEST_CASE("A data folder in use is refused, naming the process", "[sqlite]") {
  SqliteHarness at;
  const auto second = at.try_open();
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == Code::kConflict);
  CHECK_THAT(second.error().message,
             Catch::Contains("in use by process " + std::to_string(getpid())));
  at.store.reset();
  CHECK(at.try_open().ok());
}

TEST_CASE("A data folder that cannot be made is an error that names it", "[sqlite]") {
  SqliteHarness at;
  SqliteStoreOptions options;
  options.data_dir = "/proc/none/sluice";
  const auto opened = SqliteStore::open(options, at.executor, at.clock, at.log);
  REQUIRE_FALSE(opened.ok());
  CHECK_THAT(opened.error().text(), Catch::Contains("/proc/none/sluice"));
}

TEST_CASE("Too much that waits for the disk is refused", "[sqlite]") {
  SqliteHarness at([](SqliteStoreOptions& options) {
    options.max_unwritten = 10;
    options.max_unwritten_bytes = 1'000;
  });
  std::vector<SubmissionPtr> items;
  for (int i = 0; i < 12; ++i) items.push_back(at.submission());
  auto results = at.insert(items);
  CHECK(results[9].status.ok());
  CHECK(results[10].status.error().code == Code::kFull);
  CHECK(at.find(items[10]->id).error().code == Code::kNotFound);
  // The room is there again.
  CHECK(at.insert({items[10]})[0].status.ok());
  const auto large = at.submission([](Submission& made) { made.payload.assign(1'001, '1'); });
  CHECK(at.insert({large})[0].status.error().code == Code::kFull);
}

TEST_CASE("Closing the store drops answers and keeps what was asked", "[sqlite]") {
  SqliteHarness at;
  bool answered = false;
  const auto item = at.submission();
  at.store->insert({item}, Urgency::kNow, [&](auto) { answered = true; });
  at.store->find(item->id, [&](auto) { answered = true; });
  at.store->list({}, [&](auto) { answered = true; });
  at.store.reset();
  at.executor.turn();
  CHECK_FALSE(answered);
  at.open();
  CHECK(at.find(item->id).ok());
}

TEST_CASE("The log of a busy store is emptied into the database", "[sqlite]") {
  SqliteHarness at;
  std::vector<SubmissionPtr> items;
  for (int round = 0; round < 12; ++round) {
    items.clear();
    for (int i = 0; i < 100; ++i)
      items.push_back(at.submission([](Submission& made) { made.payload.assign(15'000, '1'); }));
    for (const auto& result : at.insert(items)) REQUIRE(result.status.ok());
  }
  // 18 MB were written. The checkpointer is at it, or done: the database grows without being
  // closed.
  const auto database = std::filesystem::path(at.folder.path()) / "sluice.db";
  for (int i = 0; std::filesystem::file_size(database) < 1'000'000; ++i) {
    REQUIRE(i < 10'000);
    at.inserted();
  }
}
