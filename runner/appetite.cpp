#include "runner/appetite.h"

#include <algorithm>

namespace sluice::runner {
namespace {

constexpr Millis kMeasure{10};  // shorter spans say little about a rate

}  // namespace

size_t Appetite::more(size_t held, MonoTime now) {
  const auto span = now - measured_;
  if (span >= kMeasure) {
    const double rate = static_cast<double>(ended_) / std::chrono::duration<double>(span).count();
    const double wanted = rate * std::chrono::duration<double>(range_.ahead).count();
    // Rises at once, falls by halves: one slow round trip is not a slow job.
    wanted_ = std::clamp(std::max(static_cast<size_t>(std::min(wanted, 1e9)), wanted_ / 2),
                         range_.least, range_.most);
    ended_ = 0;
    measured_ = now;
  }
  return held * 2 > wanted_ ? 0 : wanted_ - held;
}

}  // namespace sluice::runner
