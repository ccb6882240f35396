// Many callers, and several processes, at once.
#include <sqlite3.h>

#include <set>
#include <thread>

#include "test/unit/plugin_kv/kv_world.h"

namespace sluice::test {
namespace {

template <class Body>
void in_threads(int count, Body body) {
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) threads.emplace_back([&body, t] { body(t); });
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("incr from eight threads sums up exactly") {
  KvWorld at([](auto& options) { options.readers = 8; });
  std::mutex mutex;
  std::set<int64_t> versions;
  in_threads(8, [&](int) {
    for (int i = 0; i < 100; ++i) {
      const auto entry = at.store->incr("n", 1, {}, at.soon());
      std::lock_guard lock(mutex);
      versions.insert(entry.version);
    }
  });
  CHECK(at.value("n") == "800");
  CHECK(versions.size() == 800);
}

TEST_CASE("Writes that wait together share a commit") {
  KvWorld at;
  in_threads(8, [&](int t) {
    for (int i = 0; i < 50; ++i)
      at.store->set({"k" + std::to_string(t), std::to_string(i), {}, {}}, at.soon());
  });
  CHECK(at.store->stats().commits < 400);
  for (int t = 0; t < 8; ++t) CHECK(at.value("k" + std::to_string(t)) == "49");
}

// Adds 1 as Lua code would: get, then set if nobody was quicker.
void add_one(kv::Store& store) {
  auto entry = store.get("n", KvWorld::soon());
  for (;;) {
    const int64_t seen = entry ? entry->version : 0;
    const int64_t n = entry ? std::stoll(entry->value) : 0;
    auto outcome = store.set({"n", std::to_string(n + 1), {}, seen}, KvWorld::soon());
    if (!outcome.conflict) return;
    entry = std::move(outcome.current);
  }
}

TEST_CASE("Compare-and-set loops of many threads lose nothing") {
  KvWorld at;
  in_threads(8, [&](int) {
    for (int i = 0; i < 25; ++i) add_one(*at.store);
  });
  CHECK(at.value("n") == "200");
}

TEST_CASE("Two that have the same file open share it, and no version comes twice") {
  KvWorld at;
  const auto other = at.another();
  kv::Store* stores[] = {at.store.get(), other.get()};
  std::mutex mutex;
  std::set<int64_t> versions;
  in_threads(4, [&](int t) {
    for (int i = 0; i < 50; ++i) {
      add_one(*stores[t % 2]);
      const auto entry = stores[t % 2]->incr("sum", 1, {}, at.soon());
      std::lock_guard lock(mutex);
      versions.insert(entry.version);
    }
  });
  CHECK(at.value("n") == "200");
  CHECK(at.value("sum") == "200");
  CHECK(versions.size() == 200);
  CHECK(other->get("n", at.soon())->value == "200");
  CHECK(at.store->stats().keys == 2);
}

TEST_CASE("Several may make the same file at the same time") {
  KvWorld at;
  at.store.reset();
  for (int round = 0; round < 5; ++round) {
    std::filesystem::remove(at.path());
    in_threads(4, [&](int t) {
      const auto store = at.another();
      store->set({"k" + std::to_string(t), "1", {}, {}}, at.soon());
    });
    at.open();
    CHECK(at.list().keys.size() == 4);
    at.store.reset();
  }
}

TEST_CASE(
    "Nobody waits for another process's lock beyond the deadline, and nothing is written after "
    "it") {
  KvWorld at;
  at.set("before", "1");
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(at.path().c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
  CHECK_THAT(failure_of([&] {
               at.store->set({"late", "1", {}, {}}, soon);
             }),
             Catch::Contains("nothing was changed"));
  CHECK(at.value("before") == "1");  // reads need no lock
  CHECK(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(other);
  at.set("after", "1");
  CHECK(at.value("late") == "(none)");
}

TEST_CASE("Readers see what was answered, while others write") {
  KvWorld at([](auto& options) { options.readers = 2; });
  std::atomic<int> stale{0};
  in_threads(6, [&](int t) {
    const std::string key = "k" + std::to_string(t);
    for (int i = 0; i < 50; ++i) {
      const auto outcome = at.store->set({key, std::to_string(i), {}, {}}, at.soon());
      const auto entry = at.store->get(key, at.soon());
      if (!entry || entry->version != outcome.version) ++stale;
    }
  });
  CHECK(stale == 0);
}

}  // namespace
}  // namespace sluice::test
