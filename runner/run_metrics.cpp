#include "runner/run_metrics.h"

namespace sluice::runner {
namespace {

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

RunMetrics::RunMetrics(Metrics& metrics)
    : metrics_(metrics),
      wait_(metrics.histogram("sluice_wait_seconds", "From due to the start of a run")),
      run_(metrics.histogram("sluice_run_seconds", "Of a run in its worker")),
      retried_(metrics.counter("sluice_retried_total", "Runs that are to be repeated")) {}

void RunMetrics::ended(const Delivery& delivery, const Finish& finish) {
  if (finish.next == Finish::Next::kReturn) return;
  if (finish.next == Finish::Next::kRetry) return retried_.add();
  done_counter(delivery.submission->action, finish.report->outcome).add();
  wait_.observe(seconds(std::max(Millis(0), finish.started_at - delivery.submission->wanted_at())));
  run_.observe(seconds(finish.report->run_time));
}

Counter& RunMetrics::done_counter(const std::string& action, Outcome outcome) {
  auto known = actions_.find(action);
  if (known == actions_.end()) {
    const std::string& name = actions_.size() < kMaxActions ? action : "other";
    known = actions_.try_emplace(name).first;
  }
  Counter*& counter = known->second.by_outcome[static_cast<size_t>(outcome) & 15];
  if (!counter) {
    counter =
        &metrics_.counter("sluice_done_total", "Invocations that ended",
                          {{"action", known->first}, {"outcome", std::string(to_string(outcome))}});
  }
  return *counter;
}

}  // namespace sluice::runner
