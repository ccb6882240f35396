#include "runner/verdict.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace sluice::runner {
namespace {

// The words of the original server, which its users look for.
void phrase_as_the_original(Report& report, const std::string& action) {
  if (report.outcome == Outcome::kTimedOut) {
    report.message = fmt::format("Action '{}' aborted after timeout ({})", action, report.message);
  } else if (report.outcome == Outcome::kOutOfMemory) {
    report.message = fmt::format("Action '{}' aborted after violating memory constraints ({})",
                                 action, report.message);
  }
}

Finish ending(const Delivery& delivery, Uuid token, WallTime started_at, WallTime now) {
  Finish finish;
  finish.id = delivery.submission->id;
  finish.token = token;
  finish.started_at = started_at;
  finish.ended_at = now;
  return finish;
}

// With each time after the first, at most so often.
Millis doubled(Millis wait, uint32_t times, uint32_t most) {
  return wait * (1 << std::min(times - 1, most));
}

}  // namespace

Finish judge(const Delivery& delivery, sandbox::Execution execution, Uuid token, WallTime now,
             const VerdictRules& rules) {
  using Fate = sandbox::Execution::Fate;
  Finish finish = ending(delivery, token, execution.started_at, now);
  Report& report = execution.report;

  switch (execution.fate) {
    case Fate::kReturned:
      finish.next = Finish::Next::kReturn;
      return finish;

    case Fate::kFinished:
      finish.next = Finish::Next::kDone;
      phrase_as_the_original(report, delivery.submission->action);
      break;

    case Fate::kWorkerDied:
      if (delivery.attempt < rules.max_worker_deaths) {
        finish.next = Finish::Next::kRetry;
        finish.retry_after = doubled(rules.worker_death_retry, delivery.attempt, 10);
      } else {
        finish.next = Finish::Next::kDead;
        report.outcome = Outcome::kDead;
        report.message = fmt::format("gave up after {} workers died running it; the last one: {}",
                                     delivery.attempt, report.message);
      }
      break;
  }
  finish.report = std::make_shared<const Report>(std::move(report));
  return finish;
}

Finish judge_without_code(const Delivery& delivery, const Error& error, Uuid token, WallTime now,
                          const VerdictRules& rules) {
  Finish finish = ending(delivery, token, now, now);
  if (error.code == Code::kUnavailable || error.code == Code::kFull) {  // may pass
    finish.next = Finish::Next::kReturn;
    finish.retry_after = doubled(rules.platform_retry, delivery.deliveries, 6);
    return finish;
  }
  Report report;
  report.outcome = Outcome::kPlatform;
  report.message = "the action's code could not be loaded: " + error.text();
  finish.report = std::make_shared<const Report>(std::move(report));
  return finish;
}

std::shared_ptr<const Report> poisoned(const Delivery& delivery, const VerdictRules& rules) {
  if (delivery.deliveries <= rules.max_deliveries) return nullptr;
  Report report;
  report.outcome = Outcome::kDead;
  report.message =
      fmt::format("gave up: it was delivered {} times, and none of them came to an end",
                  delivery.deliveries - 1);
  return std::make_shared<const Report>(std::move(report));
}

}  // namespace sluice::runner
