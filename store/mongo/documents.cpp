#include "store/mongo/documents.h"

#include <unordered_map>

namespace sluice::mongo {
namespace {

std::optional<State> state_of(std::string_view text) {
  for (const State state :
       {State::kScheduled, State::kQueued, State::kRunning, State::kDone, State::kDead}) {
    if (text == to_string(state)) return state;
  }
  return std::nullopt;
}

constexpr size_t kUsual = 512;  // a record's fixed fields, roughly

bool is_inline(std::string_view bytes) {
  return bytes.size() <= kInline;
}

// ── writing ──

Bson claim_document(const Claim& claim) {
  Bson document;
  document.uuid("token", claim.token).text("runner", claim.runner).time("at", claim.at);
  return document;
}

Bson attempt_document(const Attempt& attempt) {
  Bson document;
  document.number("number", attempt.number)
      .time("started_at", attempt.started_at)
      .time("ended_at", attempt.ended_at)
      .number("outcome", err_code(attempt.outcome))
      .text("message", attempt.message);
  return document;
}

Bson report_document(const Report& report) {
  Bson document;
  document.number("outcome", err_code(report.outcome));
  if (!report.result.empty() && is_inline(report.result)) document.text("result", report.result);
  if (!report.message.empty()) document.text("message", report.message);
  if (!report.traceback.empty()) document.text("traceback", report.traceback);
  if (!report.logs.empty() && is_inline(report.logs)) document.text("logs", report.logs);
  document.number("run_time_us", report.run_time.count());
  document.number("cpu_time_us", report.cpu_time.count());
  document.number("memory_peak_bytes", static_cast<int64_t>(report.memory_peak_bytes));
  return document;
}

// ── reading: one line a field ──

// Whatever stands there that is no list of names allows nothing.
Allow read_allow(const Field& field) {
  std::vector<std::string> names;
  field.each([&](const Field& name) { names.push_back(name.text()); });
  return names;
}

struct Reading {
  StoredInvocation stored;
  std::shared_ptr<Submission> what = std::make_shared<Submission>();
  std::shared_ptr<Report> report;
};

Outcome outcome_of(const Field& field) {
  return outcome_from_code(static_cast<int>(field.number())).value_or(Outcome::kPlatform);
}

Claim read_claim(const Field& field) {
  Claim claim;
  field.each([&](const Field& inner) {
    if (inner.name() == "token") claim.token = inner.uuid();
    if (inner.name() == "runner") claim.runner = inner.text();
    if (inner.name() == "at") claim.at = inner.time();
  });
  return claim;
}

Attempt read_attempt(const Field& field) {
  Attempt attempt;
  field.each([&](const Field& inner) {
    if (inner.name() == "number") attempt.number = static_cast<uint32_t>(inner.number());
    if (inner.name() == "started_at") attempt.started_at = inner.time();
    if (inner.name() == "ended_at") attempt.ended_at = inner.time();
    if (inner.name() == "outcome") attempt.outcome = outcome_of(inner);
    if (inner.name() == "message") attempt.message = inner.text();
  });
  return attempt;
}

std::shared_ptr<Report> read_report(const Field& field) {
  auto report = std::make_shared<Report>();
  field.each([&](const Field& inner) {
    if (inner.name() == "outcome") report->outcome = outcome_of(inner);
    if (inner.name() == "result") report->result = inner.text();
    if (inner.name() == "message") report->message = inner.text();
    if (inner.name() == "traceback") report->traceback = inner.text();
    if (inner.name() == "logs") report->logs = inner.text();
    if (inner.name() == "run_time_us") report->run_time = Micros(inner.number());
    if (inner.name() == "cpu_time_us") report->cpu_time = Micros(inner.number());
    if (inner.name() == "memory_peak_bytes")
      report->memory_peak_bytes = static_cast<uint64_t>(inner.number());
  });
  return report;
}

using ReadField = void (*)(Reading&, const Field&);
using Readers = std::unordered_map<std::string_view, ReadField>;

const Readers& readers() {
  static const Readers all = {
      {"_id", [](Reading& r, const Field& f) { r.what->id = f.uuid(); }},
      {"v", [](Reading& r, const Field& f) { r.what->v = static_cast<int>(f.number()); }},
      {"ns", [](Reading& r, const Field& f) { r.what->ns = f.text(); }},
      {"action", [](Reading& r, const Field& f) { r.what->action = f.text(); }},
      {"action_version",
       [](Reading& r, const Field& f) {
         r.what->action_version = static_cast<uint32_t>(f.number());
       }},
      {"code_hash", [](Reading& r, const Field& f) { r.what->code_hash = f.hash(); }},
      {"timeout_ms",
       [](Reading& r, const Field& f) { r.what->limits.timeout = Millis(f.number()); }},
      {"memory_bytes",
       [](Reading& r, const Field& f) {
         r.what->limits.memory_bytes = static_cast<uint64_t>(f.number());
       }},
      {"allow", [](Reading& r, const Field& f) { r.what->allow = read_allow(f); }},
      {"queue", [](Reading& r, const Field& f) { r.what->queue = f.text(); }},
      {"priority",
       [](Reading& r, const Field& f) { r.what->priority = static_cast<int>(f.number()); }},
      {"created_at", [](Reading& r, const Field& f) { r.what->created_at = f.time(); }},
      {"wanted_at", [](Reading& r, const Field& f) { r.what->due_at = f.time(); }},
      {"payload", [](Reading& r, const Field& f) { r.what->payload = f.text(); }},
      {"ikey", [](Reading& r, const Field& f) { r.what->ikey = f.hash(); }},
      {"batch_id", [](Reading& r, const Field& f) { r.what->batch_id = f.uuid(); }},
      {"batch_index",
       [](Reading& r, const Field& f) { r.what->batch_index = static_cast<uint32_t>(f.number()); }},
      {"parent_id", [](Reading& r, const Field& f) { r.what->parent_id = f.uuid(); }},
      {"traceparent", [](Reading& r, const Field& f) { r.what->traceparent = f.text(); }},
      {"nonce", [](Reading& r, const Field& f) { r.stored.nonce = f.number(); }},
      {"state",
       [](Reading& r, const Field& f) {
         r.stored.record.progress.state = state_of(f.text()).value_or(State::kDead);
       }},
      {"due_at", [](Reading& r, const Field& f) { r.stored.record.progress.due_at = f.time(); }},
      {"was_due_at",
       [](Reading& r, const Field& f) { r.stored.record.progress.due_at = f.time(); }},
      {"outcome",
       [](Reading& r, const Field& f) { r.stored.record.progress.outcome = outcome_of(f); }},
      {"started_at",
       [](Reading& r, const Field& f) { r.stored.record.progress.started_at = f.time(); }},
      {"ended_at",
       [](Reading& r, const Field& f) { r.stored.record.progress.ended_at = f.time(); }},
      {"expires_at",
       [](Reading& r, const Field& f) { r.stored.record.progress.expires_at = f.time(); }},
      {"attempt",
       [](Reading& r, const Field& f) {
         r.stored.record.progress.attempt = static_cast<uint32_t>(f.number());
       }},
      {"deliveries",
       [](Reading& r, const Field& f) {
         r.stored.record.progress.deliveries = static_cast<uint32_t>(f.number());
       }},
      {"claim", [](Reading& r, const Field& f) { r.stored.record.progress.claim = read_claim(f); }},
      {"cancel_requested",
       [](Reading& r, const Field& f) { r.stored.record.progress.cancel_requested = f.flag(); }},
      {"history",
       [](Reading& r, const Field& f) {
         f.each([&](const Field& one) {
           r.stored.record.progress.history.push_back(read_attempt(one));
         });
       }},
      {"report", [](Reading& r, const Field& f) { r.report = read_report(f); }},
      {"ended_by", [](Reading& r, const Field& f) { r.stored.ended_by = f.uuid(); }},
      {"outside",
       [](Reading& r, const Field& f) {
         f.each([&](const Field& one) {
           if (one.name() == "payload") r.stored.outside.push_back(Part::kPayload);
           if (one.name() == "result") r.stored.outside.push_back(Part::kResult);
           if (one.name() == "logs") r.stored.outside.push_back(Part::kLogs);
         });
       }},
  };
  return all;
}

}  // namespace

std::string body_key(const Uuid& id, Part part) {
  std::string key(1, static_cast<char>(part));
  key.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
  return key;
}

std::vector<Body> bodies_of(const Submission& submission) {
  if (is_inline(submission.payload)) return {};
  return {{submission.id, Part::kPayload, submission.payload}};
}

std::vector<Body> bodies_of(const Uuid& id, const Report& report) {
  std::vector<Body> bodies;
  if (!is_inline(report.result)) bodies.push_back({id, Part::kResult, report.result});
  if (!is_inline(report.logs)) bodies.push_back({id, Part::kLogs, report.logs});
  return bodies;
}

Bson invocation_document(const Submission& what, const Progress& progress, int64_t nonce) {
  Bson document(kUsual + std::min(what.payload.size(), kInline));
  document.uuid("_id", what.id)
      .number("v", what.v)
      .text("ns", what.ns)
      .text("action", what.action)
      .number("action_version", what.action_version)
      .hash("code_hash", what.code_hash)
      .number("timeout_ms", what.limits.timeout.count())
      .number("memory_bytes", static_cast<int64_t>(what.limits.memory_bytes))
      .text("queue", what.queue)
      .number("priority", what.priority)
      .time("created_at", what.created_at)
      .number("nonce", nonce)
      .text("state", to_string(progress.state))
      .time("due_at", progress.due_at)
      .number("attempt", progress.attempt)
      .number("deliveries", progress.deliveries);
  if (what.due_at > WallTime{}) document.time("wanted_at", what.due_at);
  if (!what.payload.empty() && is_inline(what.payload)) document.text("payload", what.payload);
  if (what.allow) document.texts("allow", *what.allow);
  if (what.ikey) document.hash("ikey", *what.ikey);
  if (what.batch_id)
    document.uuid("batch_id", *what.batch_id).number("batch_index", what.batch_index);
  if (what.parent_id) document.uuid("parent_id", *what.parent_id);
  if (!what.traceparent.empty()) document.text("traceparent", what.traceparent);
  if (!is_inline(what.payload)) document.document("outside", Bson().flag("payload", true));
  return document;
}

Bson Changes::update() const {
  Bson update(set.size() + unset.size() + kUsual);
  update.document("$set", set);
  if (!unset.empty()) update.document("$unset", unset);
  return update;
}

Changes changes_of(const Invocation& record, bool with_report) {
  const Progress& progress = record.progress;
  Changes changes;
  Bson& set = changes.set;
  set.text("state", to_string(progress.state))
      .number("attempt", progress.attempt)
      .number("deliveries", progress.deliveries);
  if (is_finished(progress.state)) {
    set.time("was_due_at", progress.due_at);
    changes.unset.flag("due_at", true);
  } else {
    set.time("due_at", progress.due_at);
  }
  if (progress.claim)
    set.document("claim", claim_document(*progress.claim));
  else
    changes.unset.flag("claim", true);
  if (progress.cancel_requested) set.flag("cancel_requested", true);
  if (progress.outcome) set.number("outcome", err_code(*progress.outcome));
  if (progress.started_at) set.time("started_at", *progress.started_at);
  if (progress.ended_at) set.time("ended_at", *progress.ended_at);
  if (progress.expires_at) set.time("expires_at", *progress.expires_at);
  if (!progress.history.empty()) {
    std::vector<Bson> attempts;
    for (const Attempt& attempt : progress.history) attempts.push_back(attempt_document(attempt));
    set.array("history", attempts);
  }
  if (with_report && record.report) {
    set.document("report", report_document(*record.report));
    const auto mark = [&](const char* path, const std::string& bytes) {
      (is_inline(bytes) ? changes.unset : set).flag(path, true);
    };
    mark("outside.result", record.report->result);
    mark("outside.logs", record.report->logs);
  }
  return changes;
}

Result<StoredInvocation> read_invocation(const bson_t* document) {
  Reading reading;
  each_field(document, [&](const Field& field) {
    if (const auto reader = readers().find(field.name()); reader != readers().end())
      reader->second(reading, field);
  });
  if (reading.what->v > kRecordVersion) {
    return Error{Code::kInternal, "store.read",
                 "invocation " + reading.what->id.text() + " was written by a later release (v " +
                     std::to_string(reading.what->v) + ")"};
  }
  reading.stored.record.submission = std::move(reading.what);
  reading.stored.record.report = std::move(reading.report);
  return std::move(reading.stored);
}

void put_body(StoredInvocation& stored, Part part, std::string bytes) {
  Invocation& record = stored.record;
  if (part == Part::kPayload) {
    auto what = std::make_shared<Submission>(*record.submission);
    what->payload = std::move(bytes);
    record.submission = std::move(what);
    return;
  }
  auto report =
      record.report ? std::make_shared<Report>(*record.report) : std::make_shared<Report>();
  (part == Part::kResult ? report->result : report->logs) = std::move(bytes);
  record.report = std::move(report);
}

// ── actions and code ──

// The name has no slash, whatever a namespace may have.
std::string action_key(std::string_view ns, std::string_view name) {
  return std::string(ns) + "/" + std::string(name);
}

Bson action_fields(const Action& action) {
  Bson fields;
  fields.text("ns", action.ns)
      .text("name", action.name)
      .number("version", action.version)
      .hash("source_hash", action.source_hash)
      .hash("code_hash", action.code_hash)
      .number("stripped_bytes", static_cast<int64_t>(action.stripped_bytes))
      .number("timeout_ms", action.timeout.count())
      .number("memory_kb", static_cast<int64_t>(action.memory_kb))
      .number("max_concurrency", action.max_concurrency)
      .time("created_at", action.created_at)
      .time("updated_at", action.updated_at);
  if (action.allow) fields.texts("allow", *action.allow);
  return fields;
}

StoredAction read_action(const bson_t* document) {
  StoredAction stored;
  Action& action = stored.action;
  each_field(document, [&](const Field& field) {
    const std::string_view name = field.name();
    if (name == "ns") action.ns = field.text();
    if (name == "name") action.name = field.text();
    if (name == "version") action.version = static_cast<uint32_t>(field.number());
    if (name == "source_hash") action.source_hash = field.hash();
    if (name == "code_hash") action.code_hash = field.hash();
    if (name == "stripped_bytes") action.stripped_bytes = static_cast<uint64_t>(field.number());
    if (name == "timeout_ms") action.timeout = Millis(field.number());
    if (name == "memory_kb") action.memory_kb = static_cast<uint64_t>(field.number());
    if (name == "max_concurrency") action.max_concurrency = static_cast<uint32_t>(field.number());
    if (name == "allow") action.allow = read_allow(field);
    if (name == "created_at") action.created_at = field.time();
    if (name == "updated_at") action.updated_at = field.time();
    if (name == "deleted") stored.deleted = field.flag();
    if (name == "nonce") stored.nonce = field.number();
  });
  return stored;
}

Bson code_fields(const CodeRecord& code) {
  Bson fields;
  fields.text("chunk_name", code.chunk_name)
      .bytes("source", code.source)
      .bytes("bytecode", code.bytecode)
      .number("stripped_bytes", static_cast<int64_t>(code.stripped_bytes))
      .text("lua_tag", code.lua_tag);
  return fields;
}

CodeRecord read_code(const bson_t* document) {
  CodeRecord code;
  each_field(document, [&](const Field& field) {
    const std::string_view name = field.name();
    if (name == "_id") code.hash = field.hash();
    if (name == "chunk_name") code.chunk_name = field.text();
    if (name == "source") code.source = field.text();
    if (name == "bytecode") code.bytecode = field.text();
    if (name == "stripped_bytes") code.stripped_bytes = static_cast<uint64_t>(field.number());
    if (name == "lua_tag") code.lua_tag = field.text();
  });
  return code;
}

}  // namespace sluice::mongo
