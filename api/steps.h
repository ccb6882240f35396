// Steps that several routes share: reading what a request says, and answering what became of it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/once.h"
#include "api/services.h"

namespace sluice::api {

// ── actions ──

// The body of POST /actions and PUT /actions/:name. With `name_in_path` the name may be left out,
// and must be that one.
Result<ActionDraft> read_draft(const ApiOptions& options, std::string_view body,
                               std::optional<std::string_view> name_in_path);

// Tells the queue how many invocations of an action may run at a time. `then` comes also where the
// queue could not be told: runners tell it again what the store says (runner/rule_keeper.h).
void tell_cap(Services& services, const std::string& ns, const std::string& action, uint32_t cap,
              Once<void()> then);

std::string action_details(const Action& action, const ApiOptions& options);  // JSON

// ── asking for a run ──

struct RunRequest {
  std::string payload;             // JSON, checked; empty: no arguments
  std::optional<std::string> key;  // Idempotency-Key
  std::optional<Millis> wait;      // ?wait=, cut to the maximum
  bool durable = false;            // ?durable=1
};

// Takes the body out of `request`.
Result<RunRequest> read_run(Services& services, Request& request);

Result<std::optional<Millis>> read_wait(const ApiOptions& options, const Request& request);

std::shared_ptr<Submission> make_submission(Services& services, const Action& action,
                                            RunRequest run);

// ── what became of it ──

// Where an invocation stands, as far as a waiting request needs to know.
struct Standing {
  State state = State::kQueued;
  Outcome outcome = Outcome::kPlatform;  // once it has ended
  std::shared_ptr<const Report> report;  // may be null where nothing ran
};

// Answers when the invocation has ended, and durably so, or `wait` is over, whichever comes first.
void await_end(Services& services, const Uuid& id, Millis wait, Once<void(Result<Standing>)> then);

// 200 with the result, or 500 {"err","message","InvocationId"}.
Reply outcome_reply(const Uuid& id, Outcome outcome, const Report* report);

Error no_such_invocation();

std::string invocation_json(const Invocation& invocation);  // the whole record

}  // namespace sluice::api
