// Records as documents. One invocation is one document of `invocations`; what of it is longer than
// kInline lies in `bodies`, so that a change of state does not move it.
//
//   _id                 its id, binary subtype 4
//   v ns action action_version code_hash timeout_ms memory_bytes queue priority created_at
//   wanted_at payload ikey batch_id batch_index parent_id traceparent nonce written by the insert
//   state               "scheduled", "queued", "running", "done", "dead"
//   due_at              only while it is unfinished: what the index of due ones holds; was_due_at
//   afterwards attempt deliveries claim{token runner at} cancel_requested outcome started_at
//   ended_at expires_at history[] ended_by            the token of the last finish: that one was
//   written report{outcome result message traceback logs run_time_us cpu_time_us
//   memory_peak_bytes} outside
//   which of "payload", "result" and "logs" lie in `bodies`
#pragma once

#include <string>
#include <vector>

#include "store/mongo/bson.h"
#include "store/store.h"

namespace sluice::mongo {

inline constexpr size_t kInline = 16 << 10;

enum class Part : char { kPayload = 'p', kResult = 'r', kLogs = 'l' };

// What lies outside an invocation's document.
struct Body {
  Uuid id;
  Part part;
  std::string_view bytes;  // when written; the record outlives it
};
std::string body_key(const Uuid& id, Part part);  // the _id of a body's document, binary

// An invocation as it was read, with what is still to be fetched.
struct StoredInvocation {
  Invocation record;
  std::vector<Part> outside;
  Uuid ended_by;  // nil: no finish was written
  int64_t nonce = 0;
};

Bson invocation_document(const Submission& submission, const Progress& progress, int64_t nonce);
std::vector<Body> bodies_of(const Submission& submission);
std::vector<Body> bodies_of(const Uuid& id, const Report& report);

// The changes that a transition made, as an update ("$set", "$unset").
struct Changes {
  Bson set{512};  // bytes, roughly
  Bson unset;
  Bson update() const;
};
// `with_report`: it is a new one. What is left out stays as it is.
Changes changes_of(const Invocation& record, bool with_report);

// kInternal: of a later release.
Result<StoredInvocation> read_invocation(const bson_t* document);
void put_body(StoredInvocation& stored, Part part, std::string bytes);

// ── actions and code ──

std::string action_key(std::string_view ns, std::string_view name);  // the _id
Bson action_fields(const Action& action);                            // all but the _id
struct StoredAction {
  Action action;
  bool deleted = false;  // its version goes on rising
  int64_t nonce = 0;
};
StoredAction read_action(const bson_t* document);

Bson code_fields(const CodeRecord& code);  // all but the _id, which is the hash
CodeRecord read_code(const bson_t* document);

}  // namespace sluice::mongo
