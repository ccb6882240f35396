// Records as JSON, for people and programs that ask what happened.
#include "api/steps.h"
#include "base/json_doc.h"
#include "base/time_format.h"

namespace sluice::api {
namespace {

void time(JsonObject& object, const char* name, const std::optional<WallTime>& at) {
  if (at) object.text(name, to_rfc3339(*at));
}

JsonObject limits_json(const Limits& limits) {
  JsonObject object;
  object.integer("timeout", limits.timeout.count());
  object.integer("maxmem", static_cast<int64_t>(limits.memory_bytes / 1024));
  return object;
}

// null: all that are configured.
void allow_member(JsonObject& object, const Allow& allow) {
  allow ? object.texts("allow", *allow) : object.null("allow");
}

void report_members(JsonObject& object, const Report& report) {
  object.number("run_ms", static_cast<double>(report.run_time.count()) / 1000);
  object.number("cpu_ms", static_cast<double>(report.cpu_time.count()) / 1000);
  object.integer("memory_peak_kb", static_cast<int64_t>((report.memory_peak_bytes + 1023) / 1024));
  if (report.outcome != Outcome::kSucceeded) {
    JsonObject error;
    error.integer("code", err_code(report.outcome));
    error.text("message", report.message);
    if (!report.traceback.empty()) error.text("traceback", report.traceback);
    object.object("error", std::move(error));
  } else if (!report.result.empty()) {
    object.raw("result", report.result);
  }
  object.text("logs", report.logs);
}

}  // namespace

std::string invocation_json(const Invocation& invocation) {
  const Submission& what = *invocation.submission;
  const Progress& progress = invocation.progress;
  JsonObject object;
  object.text("id", what.id.text());
  object.text("state", to_string(progress.state));
  if (progress.outcome) {
    object.text("outcome", to_string(*progress.outcome));
    object.integer("err", err_code(*progress.outcome));
  }
  object.text("action", what.action);
  object.integer("version", what.action_version);
  object.text("code_hash", what.code_hash.hex());
  object.object("limits", limits_json(what.limits));
  allow_member(object, what.allow);
  object.text("queue", what.queue);
  object.integer("priority", what.priority);
  time(object, "created_at", what.created_at);
  time(object, "due_at", progress.due_at);
  time(object, "started_at", progress.started_at);
  time(object, "ended_at", progress.ended_at);
  time(object, "expires_at", progress.expires_at);
  if (progress.started_at) {
    const Millis waited = std::max(Millis(0), *progress.started_at - what.wanted_at());
    object.integer("queue_wait_ms", waited.count());
  }
  if (progress.started_at && progress.ended_at)
    object.integer("duration_ms", (*progress.ended_at - *progress.started_at).count());
  object.integer("attempt", progress.attempt);
  object.integer("deliveries", progress.deliveries);
  if (progress.claim) object.text("runner", progress.claim->runner);
  if (progress.cancel_requested) object.boolean("cancel_requested", true);
  if (invocation.report) report_members(object, *invocation.report);
  if (!what.payload.empty()) object.raw("payload", what.payload);
  return object.print();
}

std::string action_details(const Action& action, const ApiOptions& options) {
  Limits limits;
  limits.timeout = action.timeout.count() > 0 ? action.timeout : options.default_timeout;
  limits.memory_bytes =
      action.memory_kb > 0 ? action.memory_kb * 1024 : options.default_memory_bytes;
  JsonObject object;
  object.text("name", action.name);
  object.integer("version", action.version);
  object.text("source_hash", action.source_hash.hex());
  object.integer("size", static_cast<int64_t>(action.stripped_bytes));
  object.integer("timeout", action.timeout.count());
  object.integer("maxmem", static_cast<int64_t>(action.memory_kb));
  object.integer("max_concurrency", action.max_concurrency);
  allow_member(object, action.allow);
  object.object("limits", limits_json(limits));  // in force: the server's where the action has 0
  time(object, "created_at", action.created_at);
  time(object, "updated_at", action.updated_at);
  return object.print();
}

}  // namespace sluice::api
