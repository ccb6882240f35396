#include "base/uuid.h"

#include <catch2/catch.hpp>
#include <unordered_set>

using namespace sluice;

namespace {

int64_t milliseconds_of(const Uuid& id) {
  int64_t ms = 0;
  for (int i = 0; i < 6; ++i) ms = ms << 8 | id.bytes[i];
  return ms;
}

}  // namespace

TEST_CASE("an id is of version 7 and begins with its time") {
  ManualClock clock(WallTime(Millis(1'764'000'000'123)));
  UuidGenerator generator(clock);
  const Uuid id = generator.next();
  CHECK(id.bytes[6] >> 4 == 7);
  CHECK(id.bytes[8] >> 6 == 2);
  CHECK(milliseconds_of(id) == 1'764'000'000'123);
}

TEST_CASE("ids of one generator rise, within a millisecond and when the clock steps back") {
  ManualClock clock;
  UuidGenerator generator(clock);
  Uuid last = generator.next();
  for (int i = 0; i < 20'000; ++i) {
    if (i == 10'000) clock.advance(Millis(-5'000));
    if (i == 15'000) clock.advance(Millis(10'000));
    const Uuid next = generator.next();
    REQUIRE(last < next);
    last = next;
  }
}

TEST_CASE("ids of two generators differ") {
  ManualClock clock;
  UuidGenerator one(clock), two(clock);
  std::unordered_set<Uuid> seen;
  for (int i = 0; i < 1'000; ++i) {
    CHECK(seen.insert(one.next()).second);
    CHECK(seen.insert(two.next()).second);
  }
}

TEST_CASE("the text of an id can be read again, in either case") {
  ManualClock clock;
  const Uuid id = UuidGenerator(clock).next();
  const std::string text = id.text();
  CHECK(text.size() == 36);
  CHECK(Uuid::parse(text) == id);
  std::string upper = text;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  CHECK(Uuid::parse(upper) == id);
  CHECK(Uuid::parse("00000000-0000-0000-0000-000000000000")->is_nil());
}

TEST_CASE("what is no id is not read") {
  for (const char* text :
       {"", "x", "0192f5c3-7b1a-7c3e-8f00-1234567890a", "0192f5c3-7b1a-7c3e-8f00-1234567890abc",
        "0192f5c37b1a7c3e8f001234567890ab", "0192f5c3-7b1a-7c3e-8f00-1234567890ag",
        "0192f5c37-b1a-7c3e-8f00-1234567890ab", "{192f5c3-7b1a-7c3e-8f00-1234567890ab"}) {
    INFO(text);
    CHECK_FALSE(Uuid::parse(text));
  }
}
