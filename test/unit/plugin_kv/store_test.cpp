// What a store answers.
#include "test/unit/plugin_kv/kv_world.h"

#include <limits>
#include <set>

namespace sluice::test {
namespace {

using Catch::Contains;
using Keys = std::vector<std::string>;

TEST_CASE("A value is there until it is deleted, and after a restart") {
  KvWorld at;
  CHECK_FALSE(at.get("a").has_value());
  const int64_t version = at.set("a", R"({"x":[1,2.5,null]})");
  at.reopen();
  const auto entry = at.get("a");
  REQUIRE(entry.has_value());
  CHECK(entry->value == R"({"x":[1,2.5,null]})");
  CHECK(entry->version == version);
  CHECK_FALSE(entry->ttl_ms.has_value());
  CHECK(at.remove("a"));
  CHECK_FALSE(at.remove("a"));
  CHECK(at.value("a") == "(none)");
}

TEST_CASE("No version comes twice, whatever is deleted, has expired or was closed meanwhile") {
  KvWorld at;
  std::set<int64_t> seen;
  int64_t last = 0;
  const auto take = [&](int64_t version) {
    CHECK(version > last);
    last = version;
    CHECK(seen.insert(version).second);
  };
  for (int round = 0; round < 3; ++round) {
    take(at.set("a", "1"));
    take(at.set("b", "1"));
    at.remove("a");
    take(at.set("a", "1", 5));
    at.now += 5;
    take(at.set("a", "2"));
    at.incr("a");
    take(at.get("a")->version);
    at.remove("a");
    at.reopen();
  }
}

TEST_CASE("An expired key is not there from the very millisecond on, for every action") {
  KvWorld at([](auto& options) { options.sweep_every = std::chrono::hours(1); });
  const int64_t version = at.set("k", "7", 10);
  at.now += 9;
  CHECK(at.get("k")->ttl_ms == 1);
  CHECK(at.list().keys == Keys{"k"});
  at.now += 1;
  CHECK_FALSE(at.get("k").has_value());
  CHECK(at.store->get_many({"k"}, 1000, at.soon()).empty());
  CHECK(at.list().keys.empty());
  CHECK_FALSE(at.store->touch("k", 100, at.soon()));

  SECTION("delete") {
    CHECK_FALSE(at.remove("k"));
  }
  SECTION("compare-and-set finds nothing") {
    const auto outcome = at.set_if("k", "8", version);
    CHECK(outcome.conflict);
    CHECK_FALSE(outcome.current.has_value());
  }
  SECTION("set if absent") {
    CHECK(at.set_if("k", "8", 0).changed);
    CHECK(at.value("k") == "8");
    CHECK_FALSE(at.get("k")->ttl_ms.has_value());
  }
  SECTION("incr begins anew") {
    CHECK(at.incr("k") == 1);
  }
}

TEST_CASE("Times to live go on while the store is closed") {
  KvWorld at;
  at.set("k", "1", 1000);
  at.store.reset();
  at.now += 600;
  at.open();
  CHECK(at.get("k")->ttl_ms == 400);
  at.store.reset();
  at.now += 400;
  at.open();
  CHECK_FALSE(at.get("k").has_value());
}

TEST_CASE("A set without a time to live ends the one that was") {
  KvWorld at;
  at.set("k", "1", 10);
  at.set("k", "2");
  at.now += 100;
  CHECK(at.value("k") == "2");
}

TEST_CASE("touch gives a new time to live and leaves value and version") {
  KvWorld at;
  const int64_t version = at.set("k", "1", 10);
  CHECK(at.store->touch("k", 50, at.soon()));
  at.now += 49;
  const auto entry = at.get("k");
  REQUIRE(entry.has_value());
  CHECK(entry->version == version);
  CHECK(entry->ttl_ms == 1);
  CHECK_FALSE(at.store->touch("none", 50, at.soon()));
  CHECK_FALSE(at.get("none").has_value());
}

TEST_CASE("What has expired is removed without anybody asking") {
  KvWorld at;
  for (int i = 0; i < 300; ++i) at.set("k" + std::to_string(i), "1", 10);
  at.set("stays", "1");
  CHECK(at.store->stats().keys == 301);
  at.now += 10;
  CHECK(eventually([&] { return at.store->stats().keys == 1; }));
  CHECK(at.store->stats().swept == 300);
  CHECK(at.value("stays") == "1");
}

TEST_CASE("What had expired before the start is removed after it") {
  KvWorld at;
  for (int i = 0; i < 100; ++i) at.set("k" + std::to_string(i), "1", 10);
  at.store.reset();
  at.now += 10;
  at.open();
  CHECK(eventually([&] { return at.store->stats().keys == 0; }));
}

TEST_CASE("Writes remove a few of what has expired with them, never all at once") {
  KvWorld at([](auto& options) { options.sweep_every = std::chrono::hours(1); });
  at.set("other", "0");
  for (int i = 0; i < 100; ++i) at.set("k" + std::to_string(i), "1", 1'000'000);
  at.now += 1'000'000;
  at.set("other", "1");
  CHECK(at.store->stats().swept > 0);
}

TEST_CASE("Compare-and-set writes only over what was seen") {
  KvWorld at;
  const auto made = at.set_if("k", "1", 0);
  REQUIRE(made.changed);
  const auto again = at.set_if("k", "2", 0);
  CHECK(again.conflict);
  REQUIRE(again.current.has_value());
  CHECK(again.current->version == made.version);
  CHECK(again.current->value == "1");

  const auto second = at.set_if("k", "2", made.version);
  CHECK(second.changed);
  const auto late = at.set_if("k", "3", made.version);
  CHECK(late.conflict);
  CHECK(late.current->version == second.version);
  CHECK(at.value("k") == "2");

  const auto kept = at.store->remove("k", made.version, at.soon());
  CHECK(kept.conflict);
  CHECK(kept.current->version == second.version);
  CHECK(at.store->remove("k", second.version, at.soon()).changed);
  const auto gone = at.store->remove("k", second.version, at.soon());
  CHECK(gone.conflict);
  CHECK_FALSE(gone.current.has_value());
}

TEST_CASE("A key that was deleted and made again is not the one that was seen") {
  KvWorld at;
  const int64_t seen = at.set("k", "1");
  at.remove("k");
  at.set("k", "1");
  CHECK(at.set_if("k", "2", seen).conflict);
}

TEST_CASE("incr counts in whole numbers of 64 bits") {
  KvWorld at;
  CHECK(at.incr("n") == 1);
  CHECK(at.incr("n", 41) == 42);
  CHECK(at.incr("n", -50) == -8);
  at.set("top", "9223372036854775806");
  CHECK(at.incr("top") == std::numeric_limits<int64_t>::max());
  const int64_t version = at.get("top")->version;
  CHECK_THAT(failure_of([&] { at.incr("top"); }), Contains("range of 64 bits"));
  CHECK(at.value("top") == "9223372036854775807");
  CHECK(at.get("top")->version == version);
  at.set("bottom", "-9223372036854775808");
  CHECK_THAT(failure_of([&] { at.incr("bottom", -1); }), Contains("range of 64 bits"));
}

TEST_CASE("incr refuses what is no whole number and says what it is") {
  KvWorld at;
  const std::pair<const char*, const char*> kinds[] = {
      {R"("5")", "a text"},
      {R"({"n":1})", "an object"},
      {"[1]", "an array"},
      {"true", "true or false"},
      {"1.0", "no whole one"},
      {"1e3", "no whole one"},
      {"9223372036854775808", "no whole one"},
  };
  for (const auto& [value, kind] : kinds) {
    at.set("k", value);
    CHECK_THAT(failure_of([&] { at.incr("k"); }), Contains("'k'") && Contains(kind));
    CHECK(at.value("k") == value);
  }
}

TEST_CASE("incr gives a time to live to the key it makes, and to no other") {
  KvWorld at;
  at.incr("k", 1, 100);
  at.now += 60;
  at.incr("k", 1, 100);
  CHECK(at.get("k")->ttl_ms == 40);
  at.now += 40;
  CHECK(at.incr("k", 1, 100) == 1);
}

TEST_CASE("Keys are listed in the order of their bytes, page by page") {
  KvWorld at;
  const std::string zero("a\0b", 3);
  for (const std::string& key :
       {std::string("b"), std::string("a"), std::string("ab"), zero, std::string("\xc3\xa4"),
        std::string("B"), std::string("a/1"), std::string("a/2"), std::string("a0")})
    at.set(key, "1");
  CHECK(at.list().keys == Keys{"B", "a", zero, "a/1", "a/2", "a0", "ab", "b", "\xc3\xa4"});
  CHECK_FALSE(at.list().next.has_value());
  CHECK(at.list("a/").keys == Keys{"a/1", "a/2"});
  CHECK(at.list("zzz").keys.empty());
  CHECK(at.list("a", "a/1").keys == Keys{"a/2", "a0", "ab"});
  CHECK(at.list("b", "a").keys == Keys{"b"});
  CHECK(at.list("a", "b").keys.empty());

  Keys all;
  std::optional<std::string> after;
  size_t pages = 0;
  do {
    const auto page = at.list("", after, 2);
    CHECK(page.keys.size() <= 2);
    all.insert(all.end(), page.keys.begin(), page.keys.end());
    after = page.next;
    REQUIRE(++pages < 20);
  } while (after);
  CHECK(all == at.list().keys);
  CHECK(pages == 5);
}

TEST_CASE("A page of keys ends where the answer would be too long") {
  KvWorld at;
  for (int i = 0; i < 10; ++i) at.set(std::string(100, static_cast<char>('a' + i)), "1");
  const auto page = at.store->list("", {}, 100, 250, at.soon());
  CHECK(page.keys.size() == 2);
  CHECK(page.next == std::string(100, 'b'));
  const auto tight = at.store->list("", {}, 100, 1, at.soon());
  CHECK(tight.keys.size() == 1);
}

TEST_CASE("A page goes on behind more expired keys than it may look at") {
  KvWorld at([](auto& options) {
    options.sweep_every = std::chrono::hours(1);
    options.sync_full = false;
  });
  for (int i = 0; i < 10'100; ++i) at.set("a" + std::to_string(i), "1", 50'000'000);
  at.set("b", "1");
  at.now += 50'000'000;
  // The writer may sweep meanwhile; either way what is there is found, and nothing else.
  Keys all;
  std::optional<std::string> after;
  do {
    const auto page = at.list("", after, 10);
    all.insert(all.end(), page.keys.begin(), page.keys.end());
    after = page.next;
  } while (after);
  CHECK(all == Keys{"b"});
}

TEST_CASE("Many are got as of one moment, once each, and not more than an answer holds") {
  KvWorld at;
  at.set("a", "1");
  at.set("b", "\"" + std::string(1000, 'x') + "\"");
  const auto found = at.store->get_many({"a", "none", "b", "a"}, 2000, at.soon());
  CHECK(found.size() == 2);
  CHECK(found.at("a").value == "1");
  CHECK_THAT(failure_of([&] {
               at.store->get_many({"a", "b"}, 500, at.soon());
             }),
             Contains("ask for fewer keys"));
}

TEST_CASE("Keys and values beyond their limits are refused, at them they are taken") {
  KvWorld at([](auto& options) {
    options.max_key_bytes = 8;
    options.max_value_bytes = 16;
  });
  at.set("12345678", "\"12345678901234\"");
  const auto too_long = Contains("1 to 8 bytes, not 9");
  CHECK_THAT(failure_of([&] { at.set("123456789", "1"); }), too_long);
  CHECK_THAT(failure_of([&] { at.get("123456789"); }), too_long);
  CHECK_THAT(failure_of([&] { at.remove("123456789"); }), too_long);
  CHECK_THAT(failure_of([&] { at.incr("123456789"); }), too_long);
  CHECK_THAT(failure_of([&] { at.store->touch("123456789", 1, at.soon()); }), too_long);
  CHECK_THAT(failure_of([&] { at.store->get_many({"123456789"}, 1, at.soon()); }), too_long);
  CHECK_THAT(failure_of([&] { at.set("", "1"); }), Contains("1 to 8 bytes, not 0"));
  CHECK_THAT(failure_of([&] { at.set("k", "\"123456789012345\""); }),
             Contains("17 bytes") && Contains("at most 16"));
}

TEST_CASE("Without time left nothing is changed, and the error says so") {
  KvWorld at;
  const auto past = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  // The writer may have been quick all the same.
  const std::string said = failure_of([&] { at.store->set({"k", "1", {}, {}}, past); });
  if (said != "(no failure)") CHECK_THAT(said, Contains("the time was up"));
  at.set("k", "2");
  CHECK(at.value("k") == "2");
}

}  // namespace
}  // namespace sluice::test
