// Disks that are full, and disks that fail to sync.
#include <atomic>

#include "test/contract/store_harness.h"
#include "test/support/faulty_vfs.h"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

struct Disk {
  FaultyVfs vfs;
  std::atomic<int> fatal{0};
  SqliteHarness at{[this](SqliteStoreOptions& options) {
    options.vfs = vfs.name();
    options.on_fatal = [this](const std::string&) { ++fatal; };
  }};
};

}  // namespace

TEST_CASE("A full disk refuses what is new and loses nothing that was accepted", "[fault]") {
  Disk disk;
  SqliteHarness& at = disk.at;
  const auto accepted = at.inserted(), waiting = at.inserted();
  const Uuid token = at.ids.next();
  REQUIRE(at.claim_one(accepted->id, token).ok());
  CHECK(at.store->ready().ok());
  CHECK(at.flush().ok());

  disk.vfs.disk_is_full = true;
  const auto refused = at.submission();
  const auto answer = at.insert({refused})[0];
  CHECK(answer.status.error().code == Code::kUnavailable);
  CHECK(at.store->ready().error().code == Code::kUnavailable);
  CHECK(at.find(refused->id).error().code == Code::kNotFound);
  CHECK(at.claim_one(refused->id, token).error().code == Code::kNotFound);

  // The result of what was accepted is kept; questions are answered meanwhile.
  std::optional<Status> finished;
  at.store->finish({at.finished(accepted->id, token)}, Urgency::kNow,
                   [&](auto statuses) { finished = statuses[0]; });
  CHECK(at.flush().error().code == Code::kUnavailable);
  CHECK_FALSE(finished.has_value());
  CHECK(at.find(accepted->id)->progress.state == State::kRunning);  // what the file says
  CHECK(at.find(waiting->id).ok());
  CHECK(at.claim_one(waiting->id, token).ok());
  CHECK(at.put(PutMode::kCreate, "hello", "return 1").error().code == Code::kUnavailable);
  CHECK(at.delete_action("hello").error().code == Code::kUnavailable);
  CHECK(at.insert({at.submission()})[0].status.error().code == Code::kUnavailable);

  // There is room again: no new work is needed for it to be written.
  disk.vfs.disk_is_full = false;
  REQUIRE(at.executor.turn_until([&] { return finished.has_value(); }));
  CHECK(finished->ok());
  CHECK(at.store->ready().ok());
  CHECK(at.insert({refused})[0].status.ok());
  CHECK(disk.fatal == 0);

  at.reopen();
  CHECK(at.find(accepted->id)->progress.state == State::kDone);
  CHECK(at.find(waiting->id)->progress.state == State::kQueued);
  CHECK(at.find(waiting->id)->progress.deliveries == 1);
}

TEST_CASE("New work makes the store try again at once", "[fault]") {
  Disk disk;
  SqliteHarness& at = disk.at;
  disk.vfs.disk_is_full = true;
  CHECK_FALSE(at.insert({at.submission()})[0].status.ok());
  disk.vfs.disk_is_full = false;
  CHECK(at.insert({at.submission()})[0].status.ok());
  CHECK(at.store->ready().ok());
}

TEST_CASE("What was claimed and finished of a submission that a full disk refused is gone",
          "[fault]") {
  Disk disk;
  SqliteHarness& at = disk.at;
  disk.vfs.disk_is_full = true;
  const auto item = at.submission();
  const Uuid token = at.ids.next();
  std::optional<Inserted> inserted;
  std::optional<Result<Delivery>> delivery;
  std::optional<Status> finished;
  std::optional<Result<Invocation>> found;
  at.store->insert({item}, Urgency::kLinger, [&](auto results) { inserted = results[0]; });
  at.store->claim({item->id}, {token, "r", {}}, [&](auto results) { delivery = results[0]; });
  at.store->finish({at.finished(item->id, token)}, Urgency::kNow,
                   [&](auto results) { finished = results[0]; });
  at.store->find(item->id, [&](auto result) { found = result; });
  REQUIRE(at.executor.turn_until([&] { return inserted && delivery && finished && found; }));
  CHECK(inserted->status.error().code == Code::kUnavailable);
  CHECK(delivery->ok());
  CHECK(finished->error().code == Code::kNotFound);
  CHECK(found->error().code == Code::kNotFound);
  disk.vfs.disk_is_full = false;
  CHECK(at.find(item->id).error().code == Code::kNotFound);
}

TEST_CASE("Who waits for a record that a full disk refuses is told why", "[fault]") {
  Disk disk;
  SqliteHarness& at = disk.at;
  disk.vfs.disk_is_full = true;
  const auto refused = at.submission();
  at.store->insert({refused}, Urgency::kLinger, {});
  const auto delivery = at.claim_one(refused->id, at.ids.next());
  REQUIRE(delivery.ok());
  CHECK_FALSE(delivery->recorded);
  CHECK(at.when_recorded(refused->id).error().code == Code::kUnavailable);
  CHECK(at.when_recorded(refused->id).error().code == Code::kNotFound);  // and gone
}

TEST_CASE("A file that may not grow behaves as a full disk", "[fault]") {
  SqliteHarness at([](SqliteStoreOptions& options) { options.max_page_count = 100; });
  std::vector<SubmissionPtr> accepted;
  std::optional<Error> error;
  while (!error) {
    REQUIRE(accepted.size() < 1'000);
    const auto item = at.submission([](Submission& made) { made.payload.assign(10'000, '1'); });
    const auto answer = at.insert({item})[0];
    if (answer.status)
      accepted.push_back(item);
    else
      error = answer.status.error();
  }
  CHECK(error->code == Code::kUnavailable);
  CHECK_FALSE(accepted.empty());
  for (const auto& item : accepted) CHECK(at.find(item->id)->submission->payload == item->payload);
}

TEST_CASE("A failed sync is fatal, and nothing is promised after it", "[fault]") {
  Disk disk;
  SqliteHarness& at = disk.at;
  const auto accepted = at.inserted();
  CHECK(disk.vfs.syncs > 0);
  disk.vfs.syncs_fail = true;
  CHECK(at.insert({at.submission()})[0].status.error().code == Code::kUnavailable);
  CHECK(disk.fatal == 1);
  // Here the process would have ended. If it has not, it must not go on as if nothing had happened.
  disk.vfs.syncs_fail = false;
  CHECK(at.insert({at.submission()})[0].status.error().code == Code::kUnavailable);
  CHECK_FALSE(at.store->ready().ok());
  at.reopen();
  CHECK(at.find(accepted->id).ok());
}

TEST_CASE("Every commit is synced with full durability, none with normal", "[fault]") {
  FaultyVfs vfs;
  const auto syncs_of_ten = [&](SqliteStoreOptions::Durability durability) {
    SqliteHarness at([&](SqliteStoreOptions& options) {
      options.vfs = vfs.name();
      options.durability = durability;
    });
    at.inserted();
    const uint64_t before = vfs.syncs;
    for (int i = 0; i < 10; ++i) at.inserted();
    return vfs.syncs - before;
  };
  CHECK(syncs_of_ten(SqliteStoreOptions::Durability::kFull) >= 10);
  CHECK(syncs_of_ten(SqliteStoreOptions::Durability::kNormal) == 0);
}
