// Appetite: how many jobs a runner takes ahead, of those that others could run as well.
//
// Where runners share a queue, a job that waits at one of them is kept from the rest; but a batch
// of few jobs costs as many round trips as one of many. So a runner holds what it gets done within
// a short time at its present rate: two jobs a worker where they take seconds, hundreds where they
// take microseconds.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace sluice::runner {

class Appetite {
 public:
  struct Range {
    size_t least = 1;  // held whatever the rate, so that no worker idles between two jobs
    size_t most = 1;
    Millis ahead{100};  // what is held is to be done within this
  };

  explicit Appetite(Range range) : range_(range), wanted_(range.least) {}

  void ended(size_t jobs) { ended_ += jobs; }

  // How many more to take with `held` jobs here: none before half of what is wanted is done, so
  // that what is taken is worth a round trip.
  size_t more(size_t held, MonoTime now);

 private:
  const Range range_;
  size_t wanted_;
  size_t ended_ = 0;  // since the rate was last measured
  MonoTime measured_{};
};

}  // namespace sluice::runner
