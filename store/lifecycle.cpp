#include "store/lifecycle.h"

#include <algorithm>

#include "base/time_format.h"

namespace sluice::lifecycle {
namespace {

constexpr size_t kAttemptMessageBytes = 256;

Change refused(const char* operation, std::string why) {
  return {Error{Code::kRefused, operation, std::move(why)}, false};
}

void remember_attempt(Progress& progress, const Report& report, const Finish& finish) {
  auto& history = progress.history;
  if (history.size() == kAttemptHistory) history.erase(history.begin() + kAttemptHistory / 2);
  history.push_back(Attempt{progress.attempt, finish.started_at, finish.ended_at, report.outcome,
                            std::string(clip(report.message, kAttemptMessageBytes))});
}

// `ended_at` is by the clock of whoever saw the end; how long the record is kept, by the store's.
void end(Progress& progress, State state, WallTime ended_at, WallTime now,
         const StoreOptions& options) {
  progress.state = state;
  progress.ended_at = ended_at;
  progress.expires_at = now + options.retention;
  progress.claim.reset();
}

void end_as_cancelled(Invocation& record, WallTime now, const StoreOptions& options) {
  auto report = std::make_shared<Report>();
  report->outcome = Outcome::kCancelled;
  report->message = "cancelled on request";
  if (record.report) report->logs = record.report->logs;
  record.report = std::move(report);
  record.progress.outcome = Outcome::kCancelled;
  record.progress.cancel_requested = true;
  end(record.progress, State::kDone, now, now, options);
}

}  // namespace

Progress begin(const Submission& submission, WallTime now) {
  Progress progress;
  progress.state = submission.due_at > now ? State::kScheduled : State::kQueued;
  progress.due_at = submission.due_at > WallTime{} ? submission.due_at : now;
  return progress;
}

bool is_claimable(const Progress& progress, WallTime now, Millis lease) {
  switch (progress.state) {
    case State::kScheduled:
      return progress.due_at <= now;
    case State::kQueued:
      return true;
    case State::kRunning:
      return !progress.claim || progress.claim->at + lease <= now;
    case State::kDone:
    case State::kDead:
      return false;
  }
  return false;
}

Change claim(Invocation& record, const Claim& claim, WallTime now, const StoreOptions& options) {
  Progress& progress = record.progress;
  if (!is_claimable(progress, now, options.lease)) {
    if (progress.state == State::kRunning)
      return refused("store.claim", "it is leased to " + progress.claim->runner);
    if (is_finished(progress.state)) return refused("store.claim", "it has ended");
    return refused("store.claim", "it is not due before " + to_rfc3339(progress.due_at));
  }
  if (progress.cancel_requested) {
    end_as_cancelled(record, now, options);
    return {refused("store.claim", "it was cancelled").status, true};
  }
  // A delivery whose lease was lost never counted as an attempt: its number is given again.
  if (progress.state != State::kRunning) ++progress.attempt;
  ++progress.deliveries;
  progress.state = State::kRunning;
  progress.claim = claim;
  progress.claim->at = now;
  return {Ok{}, true};
}

Renewed renew(Invocation& record, Uuid token, WallTime now) {
  Progress& progress = record.progress;
  if (progress.state != State::kRunning || !progress.claim || progress.claim->token != token)
    return {Renewed::Answer::kLost};
  progress.claim->at = now;
  return {progress.cancel_requested ? Renewed::Answer::kCancel : Renewed::Answer::kKept};
}

Change finish(Invocation& record, const Finish& finish, WallTime now, const StoreOptions& options) {
  Progress& progress = record.progress;
  if (is_finished(progress.state)) return refused("store.finish", "it has ended already");
  if (progress.state != State::kRunning || !progress.claim)
    return refused("store.finish", "nobody holds it");
  if (progress.claim->token != finish.token)
    return refused("store.finish", "it is leased to " + progress.claim->runner + " by now");
  if (!finish.report && finish.next != Finish::Next::kReturn)
    return {Error{Code::kInvalid, "store.finish", "a report is missing"}, false};

  if (finish.report) {
    remember_attempt(progress, *finish.report, finish);
    record.report = finish.report;
    progress.outcome = finish.report->outcome;
    progress.started_at = finish.started_at;
    progress.ended_at = finish.ended_at;
  }
  progress.claim.reset();
  switch (finish.next) {
    case Finish::Next::kDone:
      end(progress, State::kDone, finish.ended_at, now, options);
      break;
    case Finish::Next::kDead:
      end(progress, State::kDead, finish.ended_at, now, options);
      break;
    case Finish::Next::kRetry:
      if (progress.cancel_requested) {
        end_as_cancelled(record, now, options);
        break;
      }
      progress.due_at = now + finish.retry_after;
      progress.state = finish.retry_after > Millis(0) ? State::kScheduled : State::kQueued;
      break;
    case Finish::Next::kReturn:
      --progress.attempt;
      if (progress.cancel_requested) {
        end_as_cancelled(record, now, options);
        break;
      }
      if (finish.retry_after > Millis(0)) progress.due_at = now + finish.retry_after;
      progress.state = finish.retry_after > Millis(0) ? State::kScheduled : State::kQueued;
      break;
  }
  return {Ok{}, true};
}

Change cancel(Invocation& record, WallTime now, const StoreOptions& options) {
  Progress& progress = record.progress;
  if (is_finished(progress.state)) return refused("store.cancel", "it has ended");
  if (progress.state != State::kRunning) {
    end_as_cancelled(record, now, options);
    return {Ok{}, true};
  }
  const bool changed = !progress.cancel_requested;
  progress.cancel_requested = true;
  return {Ok{}, changed};
}

bool abandon(Invocation& record, WallTime now, const StoreOptions& options) {
  Progress& progress = record.progress;
  if (progress.state != State::kRunning) return false;
  progress.claim.reset();
  progress.attempt -= progress.attempt > 0;
  progress.state = State::kQueued;
  if (progress.cancel_requested) end_as_cancelled(record, now, options);
  return true;
}

std::string_view clip(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace sluice::lifecycle
