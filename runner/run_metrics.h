// What a runner counts: endings by action and outcome, how long jobs waited and ran.
#pragma once

#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/metrics.h"
#include "sandbox/outcome.h"
#include "store/store.h"

namespace sluice::runner {

class RunMetrics {
 public:
  explicit RunMetrics(Metrics& metrics);

  void ended(const Delivery& delivery, const Finish& finish);

 private:
  Counter& done_counter(const std::string& action, Outcome outcome);

  static constexpr size_t kMaxActions =
      1'000;  // beyond, they count as "other": labels must stay few

  Metrics& metrics_;
  Histogram& wait_;
  Histogram& run_;
  Counter& retried_;
  struct PerAction {
    Counter* by_outcome[16] = {};
  };
  std::unordered_map<std::string, PerAction> actions_;
};

}  // namespace sluice::runner
