#include "runner/verdict.h"

#include "test/unit/runner/world.h"

namespace sluice::test {
namespace {

TEST_CASE("a delivery too many is poison") {
  World world;
  Delivery delivery{world.submission(), 1, 20};
  CHECK(runner::poisoned(delivery, {}) == nullptr);
  delivery.deliveries = 21;
  const auto report = runner::poisoned(delivery, {});
  REQUIRE(report != nullptr);
  CHECK(report->outcome == Outcome::kDead);
}

TEST_CASE("a store that is away is waited for, code that is gone is not") {
  World world;
  const Delivery delivery{world.submission(), 1, 1};
  const WallTime now = world.clock.wall();
  const Finish away =
      runner::judge_without_code(delivery, {Code::kUnavailable, "store", "away"}, {}, now, {});
  CHECK(away.next == Finish::Next::kReturn);
  CHECK(away.retry_after > Millis(0));
  const Finish gone =
      runner::judge_without_code(delivery, {Code::kNotFound, "store", "no such code"}, {}, now, {});
  CHECK(gone.next == Finish::Next::kDone);
  CHECK(gone.report->outcome == Outcome::kPlatform);
}

TEST_CASE("what the pool returns is handed back uncharged") {
  World world;
  sandbox::Execution execution;
  execution.fate = sandbox::Execution::Fate::kReturned;
  const Finish finish =
      runner::judge({world.submission(), 1, 1}, execution, {}, world.clock.wall(), {});
  CHECK(finish.next == Finish::Next::kReturn);
  CHECK(finish.report == nullptr);
}

}  // namespace
}  // namespace sluice::test
