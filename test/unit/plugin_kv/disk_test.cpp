// Stores and disks that are full, and disks that fail.
#include <algorithm>
#include <thread>

#include "test/support/faulty_vfs.h"
#include "test/unit/plugin_kv/kv_world.h"

namespace sluice::test {
namespace {

using Catch::Contains;

const std::string kLarge = "\"" + std::string(10'000, 'x') + "\"";

// How many keys of 10,000 bytes fit in, with the failure that ended it.
size_t fill(KvWorld& at, std::string& said, std::optional<int64_t> ttl_ms = {}) {
  for (size_t i = 0;; ++i) {
    REQUIRE(i < 1000);
    said = failure_of([&] { at.set("k" + std::to_string(i), kLarge, ttl_ms); });
    if (said != "(no failure)") return i;
  }
}

TEST_CASE(
    "A store of max_bytes says that it is full, keeps what it has, and takes more after a delete") {
  KvWorld at([](auto& options) { options.max_bytes = 256 << 10; });
  std::string said;
  const size_t count = fill(at, said);
  CHECK(count > 10);
  CHECK(count < 27);
  CHECK_THAT(said, Contains("the store is full: its max_bytes is 262144"));
  for (size_t i = 0; i < count; ++i) CHECK(at.value("k" + std::to_string(i)) == kLarge);
  CHECK(at.store->stats().keys == static_cast<int64_t>(count));

  CHECK(at.remove("k0"));
  CHECK(at.remove("k1"));
  at.set("again", kLarge);
  CHECK(at.value("again") == kLarge);
  CHECK(std::filesystem::file_size(at.path()) <= 256 << 10);
}

TEST_CASE("What does not fit fails alone: others that waited with it are written") {
  KvWorld at([](auto& options) { options.max_bytes = 256 << 10; });
  std::string said;
  fill(at, said);
  at.remove("k0");
  std::atomic<int> refused{0}, written{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        try {
          const bool large = t % 2 == 0;
          const std::string key = (large ? "l" : "s") + std::to_string(t) + std::to_string(i);
          at.store->set({large ? key : "s" + std::to_string(t), large ? kLarge : "1", {}, {}},
                        at.soon());
          ++written;
        } catch (const plugin::Failure&) {
          ++refused;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(refused >= 75);
  CHECK(written >= 80);
  for (int t = 1; t < 8; t += 2) CHECK(at.value("s" + std::to_string(t)) == "1");
}

TEST_CASE("A full store makes room of what has expired") {
  SECTION("by bytes") {
    KvWorld at([](auto& options) {
      options.max_bytes = 256 << 10;
      options.sweep_every = std::chrono::hours(1);
    });
    std::string said;
    const size_t count = fill(at, said, 1000);
    at.now += 1000;
    for (size_t i = 0; i < count; ++i) at.set("new" + std::to_string(i), kLarge);
    CHECK(at.list().keys.size() == count);
  }
  SECTION("by keys") {
    KvWorld at([](auto& options) {
      options.max_keys = 20;
      options.sweep_every = std::chrono::hours(1);
    });
    for (int i = 0; i < 20; ++i) at.set("k" + std::to_string(i), "1", 1000);
    at.now += 1000;
    for (int i = 0; i < 20; ++i) at.set("new" + std::to_string(i), "1");
    CHECK(at.list().keys.size() == 20);
  }
}

TEST_CASE("A store of max_keys refuses one more, and still changes those it has") {
  KvWorld at([](auto& options) { options.max_keys = 3; });
  at.set("a", "1");
  at.set("b", "1");
  CHECK(at.incr("c") == 1);
  const auto full = Contains("the store is full: its max_keys is 3");
  CHECK_THAT(failure_of([&] { at.set("d", "1"); }), full);
  CHECK_THAT(failure_of([&] { at.incr("d"); }), full);
  at.set("a", "2");
  CHECK(at.incr("c") == 2);
  CHECK(at.remove("b"));
  at.set("d", "1");
  at.reopen();
  CHECK_THAT(failure_of([&] { at.set("e", "1"); }), full);
}

TEST_CASE("A full disk refuses writes, answers reads, and all is well when there is room again") {
  FaultyVfs disk;
  KvWorld at([&](auto& options) { options.vfs = disk.name(); });
  at.set("k", "1");
  disk.disk_is_full = true;
  for (int i = 0; i < 3; ++i)
    CHECK_THAT(failure_of([&] { at.set("k", "2"); }), Contains("the store's disk is full"));
  CHECK(at.value("k") == "1");
  CHECK_THAT(at.logged(), Contains("kv.db"));
  const std::string logged = at.logged();
  CHECK(std::count(logged.begin(), logged.end(), '\n') == 1);
  disk.disk_is_full = false;
  at.set("k", "3");
  CHECK(at.value("k") == "3");
  at.reopen();
  CHECK(at.value("k") == "3");
}

TEST_CASE("After a failed sync nothing is written any more, until the store is opened again") {
  FaultyVfs disk;
  KvWorld at([&](auto& options) { options.vfs = disk.name(); });
  at.set("k", "1");
  disk.syncs_fail = true;
  CHECK_THAT(failure_of([&] { at.set("k", "2"); }), Contains("may or may not be kept"));
  disk.syncs_fail = false;
  CHECK_THAT(failure_of([&] { at.set("k", "3"); }), Contains("until the server is started again"));
  CHECK(at.value("k") == "1");
  at.reopen();
  CHECK_THAT(at.value("k"), Catch::Equals("1") || Catch::Equals("2"));
  at.set("k", "4");
  CHECK(at.value("k") == "4");
}

TEST_CASE("Durability full syncs before it answers, normal does not") {
  FaultyVfs disk;
  const bool full = GENERATE(true, false);
  KvWorld at([&](auto& options) {
    options.vfs = disk.name();
    options.sync_full = full;
  });
  at.set("k", "0");
  const uint64_t before = disk.syncs;
  for (int i = 0; i < 10; ++i) at.set("k", "1");
  CHECK(disk.syncs - before == (full ? 10 : 0));
}

TEST_CASE("The write-ahead log is moved into the file again and again") {
  KvWorld at([](auto& options) { options.sync_full = false; });
  for (int i = 0; i < 2000; ++i) at.set("k" + std::to_string(i % 10), kLarge);
  CHECK(std::filesystem::file_size(at.path() + "-wal") < 16 << 20);
}

}  // namespace
}  // namespace sluice::test
