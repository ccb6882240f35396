#include "runner/appetite.h"

#include <catch2/catch.hpp>

namespace sluice::test {
namespace {

using runner::Appetite;

constexpr Appetite::Range kRange{.least = 4, .most = 500, .ahead = Millis(100)};

TEST_CASE("without a rate, the least is held") {
  Appetite appetite(kRange);
  MonoTime now{};
  CHECK(appetite.more(0, now) == 4);
  CHECK(appetite.more(2, now) == 2);
  CHECK(appetite.more(3, now) == 0);
  CHECK(appetite.more(40, now) == 0);
}

TEST_CASE(
    "a quick runner takes what it gets done within the time ahead, and no more than the most") {
  Appetite appetite(kRange);
  MonoTime now{};
  now += Millis(10);
  appetite.ended(20);  // 2,000 a second
  CHECK(appetite.more(0, now) == 200);
  CHECK(appetite.more(100, now) == 100);
  CHECK(appetite.more(101, now) == 0);
  now += Millis(10);
  appetite.ended(1'000);
  CHECK(appetite.more(0, now) == 500);
}

TEST_CASE("one slow moment halves what is held, a slow job brings it down to the least") {
  Appetite appetite(kRange);
  MonoTime now{};
  now += Millis(10);
  appetite.ended(20);
  CHECK(appetite.more(0, now) == 200);
  now += Millis(50);
  CHECK(appetite.more(0, now) == 100);
  for (int i = 0; i < 10; ++i) appetite.more(0, now += Millis(50));
  CHECK(appetite.more(0, now) == 4);
}

}  // namespace
}  // namespace sluice::test
