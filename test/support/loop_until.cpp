#include "test/support/loop_until.h"

namespace sluice::test {

bool loop_until(Loop& loop, const std::function<bool()>& condition, std::chrono::minutes limit) {
  bool timed_out = false;
  Timer patience(loop);
  patience.once(limit, [&] {
    timed_out = true;
    loop.stop();
  });
  // By the clock, not after each turn: what the loop does last before it sleeps may be what is
  // waited for.
  Timer again(loop);
  again.every(std::chrono::milliseconds(1), [&] {
    if (condition()) loop.stop();
  });
  if (!condition()) loop.run();
  return !timed_out;
}

}  // namespace sluice::test
