#include "store/sqlite/invocation_rows.h"

#include <cstring>

#include "store/sqlite/allow_column.h"

namespace sluice::sqlite {
namespace {

enum Body { kPayload = 0, kResult = 1, kLogs = 2 };
constexpr int kBodies = 4;  // room for one more

int64_t body_key(int64_t seq, Body body) {
  return seq * kBodies + body;
}
bool is_large(const std::string& text) {
  return text.size() > kMaxInlineBody;
}

int bodies_of(const Invocation& record) {
  int bodies = is_large(record.submission->payload) ? 1 << kPayload : 0;
  if (record.report) {
    if (is_large(record.report->result)) bodies |= 1 << kResult;
    if (is_large(record.report->logs)) bodies |= 1 << kLogs;
  }
  return bodies;
}

// Empty texts are stored as NULL: a byte less, and quicker.
void bind_text(Statement& to, const std::string& text) {
  if (text.empty())
    to.bind_null();
  else
    to.bind(std::string_view(text));
}

void bind_body(Statement& to, const std::string& text) {
  if (is_large(text))
    to.bind_null();
  else
    bind_text(to, text);
}

void bind_progress(Statement& to, const Progress& progress, const std::string& history) {
  to.bind(static_cast<int64_t>(progress.state));
  progress.outcome ? to.bind(int64_t{err_code(*progress.outcome)}) : to.bind_null();
  to.bind(progress.due_at)
      .bind(progress.started_at)
      .bind(progress.ended_at)
      .bind(progress.expires_at)
      .bind(int64_t{progress.attempt})
      .bind(int64_t{progress.deliveries});
  if (progress.claim) {
    to.bind(progress.claim->token)
        .bind(std::string_view(progress.claim->runner))
        .bind(progress.claim->at);
  } else {
    to.bind_null().bind_null().bind_null();
  }
  to.bind(int64_t{progress.cancel_requested});
  history.empty() ? to.bind_null() : to.bind_blob(history);
}

void bind_report(Statement& to, const Report* report) {
  if (!report) {
    for (int column = 0; column < 8; ++column) to.bind_null();
    return;
  }
  to.bind(int64_t{err_code(report->outcome)})
      .bind(int64_t{report->run_time.count()})
      .bind(int64_t{report->cpu_time.count()})
      .bind(static_cast<int64_t>(report->memory_peak_bytes));
  bind_text(to, report->message);
  bind_text(to, report->traceback);
  bind_body(to, report->logs);
  bind_body(to, report->result);
}

constexpr const char* kInsert =
    "INSERT INTO invocation (state, outcome, due_at, started_at, ended_at, expires_at, attempt,"
    " deliveries, claim_token, claim_runner, claim_at, cancel_requested, history,"
    " report_outcome, run_time_us, cpu_time_us, memory_peak, message, traceback, logs, result,"
    " bodies, seq, id, v, ns, action, version, code_hash, timeout_ms, memory_bytes, allow, queue,"
    " priority, created_at, submitted_due_at, ikey, batch_id, batch_index, parent_id, traceparent,"
    " payload) VALUES "
    "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
    "?,?,?)";

constexpr const char* kUpdate =
    "UPDATE invocation SET state=?, outcome=?, due_at=?, started_at=?, ended_at=?, expires_at=?,"
    " attempt=?, deliveries=?, claim_token=?, claim_runner=?, claim_at=?, cancel_requested=?,"
    " history=?, report_outcome=?, run_time_us=?, cpu_time_us=?, memory_peak=?, message=?, "
    "traceback=?, logs=?,"
    " result=?, bodies=? WHERE seq=?";

}  // namespace

Result<InvocationWriter> InvocationWriter::prepare(Database& database) {
  InvocationWriter writer;
  const std::pair<Statement*, const char*> statements[] = {
      {&writer.insert_, kInsert},
      {&writer.update_, kUpdate},
      {&writer.put_body_, "INSERT OR REPLACE INTO body (key, bytes) VALUES (?, ?)"},
      {&writer.drop_bodies_, "DELETE FROM body WHERE key >= ? AND key < ?"},
      {&writer.holder_, "SELECT id FROM invocation WHERE ikey = ?"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return writer;
}

int InvocationWriter::write(const RowWrite& row) {
  const int bodies = bodies_of(row.record);
  if (bodies != 0) {
    const int rc = write_bodies(row, bodies);
    if (rc != SQLITE_OK) return rc;
  }
  encode_history(row.record.progress.history, history_);
  const int rc = row.insert ? insert(row, bodies) : update(row, bodies);
  if (rc != SQLITE_OK && row.insert && bodies != 0 && is_row_error(rc))
    drop_bodies_.bind(body_key(row.seq, kPayload)).bind(body_key(row.seq + 1, kPayload)).run();
  return rc;
}

int InvocationWriter::write_bodies(const RowWrite& row, int bodies) {
  const auto put = [&](Body body, const std::string& bytes) {
    if ((bodies & 1 << body) == 0) return SQLITE_OK;
    return put_body_.bind(body_key(row.seq, body)).bind_blob(bytes).run();
  };
  // The payload never changes.
  int rc = row.insert ? put(kPayload, row.record.submission->payload) : SQLITE_OK;
  if (rc == SQLITE_OK && row.record.report) rc = put(kResult, row.record.report->result);
  if (rc == SQLITE_OK && row.record.report) rc = put(kLogs, row.record.report->logs);
  return rc;
}

int InvocationWriter::insert(const RowWrite& row, int bodies) {
  const Submission& what = *row.record.submission;
  const auto allow = allow_text(what.allow);
  bind_progress(insert_, row.record.progress, history_);
  bind_report(insert_, row.record.report.get());
  insert_.bind(int64_t{bodies})
      .bind(row.seq)
      .bind(what.id)
      .bind(int64_t{what.v})
      .bind(std::string_view(what.ns))
      .bind(std::string_view(what.action))
      .bind(int64_t{what.action_version})
      .bind(what.code_hash)
      .bind(int64_t{what.limits.timeout.count()})
      .bind(static_cast<int64_t>(what.limits.memory_bytes));
  bind_allow(insert_, allow);
  insert_.bind(std::string_view(what.queue))
      .bind(int64_t{what.priority})
      .bind(what.created_at)
      .bind(what.due_at)
      .bind(what.ikey)
      .bind(what.batch_id)
      .bind(int64_t{what.batch_index})
      .bind(what.parent_id);
  bind_text(insert_, what.traceparent);
  bind_body(insert_, what.payload);
  return insert_.run();
}

int InvocationWriter::update(const RowWrite& row, int bodies) {
  bind_progress(update_, row.record.progress, history_);
  bind_report(update_, row.record.report.get());
  update_.bind(int64_t{bodies}).bind(row.seq);
  return update_.run();
}

std::optional<Uuid> InvocationWriter::holder_of(const Sha256& ikey) {
  holder_.bind(ikey);
  ResetAtEnd reset(holder_);
  if (holder_.step() != SQLITE_ROW) return std::nullopt;
  return holder_.read_uuid();
}

bool is_row_error(int rc) {
  return (rc & 0xff) == SQLITE_CONSTRAINT || (rc & 0xff) == SQLITE_TOOBIG;
}

// ── reading ──

#define SLUICE_OUTLINE_COLUMNS                                                                     \
  "seq, id, v, ns, action, version, code_hash, timeout_ms, memory_bytes, allow, queue,"            \
  " priority, created_at, submitted_due_at, ikey, batch_id, batch_index, parent_id, traceparent, " \
  "state,"                                                                                         \
  " outcome, due_at, started_at, ended_at, expires_at, attempt, deliveries, claim_token,"          \
  " claim_runner, claim_at, cancel_requested, history, report_outcome, run_time_us, cpu_time_us,"  \
  " memory_peak, message, traceback"

const char* const kOutlineColumns = SLUICE_OUTLINE_COLUMNS;
const char* const kWholeColumns = SLUICE_OUTLINE_COLUMNS ", bodies, logs, result, payload";

#undef SLUICE_OUTLINE_COLUMNS

namespace {

template <class T>
std::optional<T> unless_null(Statement& row, T (Statement::*read)()) {
  if (row.next_is_null()) {
    row.skip();
    return std::nullopt;
  }
  return (row.*read)();
}

std::shared_ptr<Submission> read_submission(Statement& row) {
  auto what = std::make_shared<Submission>();
  what->id = row.read_uuid();
  what->v = static_cast<int>(row.read_int());
  what->ns = row.read_text();
  what->action = row.read_text();
  what->action_version = static_cast<uint32_t>(row.read_int());
  what->code_hash = row.read_hash();
  what->limits.timeout = Millis(row.read_int());
  what->limits.memory_bytes = static_cast<uint64_t>(row.read_int());
  what->allow = read_allow(row);
  what->queue = row.read_text();
  what->priority = static_cast<int>(row.read_int());
  what->created_at = row.read_time();
  what->due_at = row.read_time();
  what->ikey = unless_null(row, &Statement::read_hash);
  what->batch_id = unless_null(row, &Statement::read_uuid);
  what->batch_index = static_cast<uint32_t>(row.read_int());
  what->parent_id = unless_null(row, &Statement::read_uuid);
  what->traceparent = row.read_text();
  return what;
}

std::optional<Outcome> read_outcome(Statement& row) {
  if (row.next_is_null()) {
    row.skip();
    return std::nullopt;
  }
  return outcome_from_code(static_cast<int>(row.read_int())).value_or(Outcome::kPlatform);
}

Progress read_progress(Statement& row) {
  Progress progress;
  progress.state = static_cast<State>(row.read_int());
  progress.outcome = read_outcome(row);
  progress.due_at = row.read_time();
  progress.started_at = row.read_optional_time();
  progress.ended_at = row.read_optional_time();
  progress.expires_at = row.read_optional_time();
  progress.attempt = static_cast<uint32_t>(row.read_int());
  progress.deliveries = static_cast<uint32_t>(row.read_int());
  Claim claim;
  const bool claimed = !row.next_is_null();
  claim.token = row.read_uuid();
  claim.runner = row.read_text();
  claim.at = row.read_time();
  if (claimed) progress.claim = std::move(claim);
  progress.cancel_requested = row.read_int() != 0;
  progress.history = decode_history(row.read_text());
  return progress;
}

std::shared_ptr<Report> read_report(Statement& row) {
  const auto outcome = read_outcome(row);
  auto report = std::make_shared<Report>();
  report->outcome = outcome.value_or(Outcome::kPlatform);
  report->run_time = Micros(row.read_int());
  report->cpu_time = Micros(row.read_int());  // null, so 0, where an older release wrote it
  report->memory_peak_bytes = static_cast<uint64_t>(row.read_int());
  report->message = row.read_text();
  report->traceback = row.read_text();
  return outcome ? report : nullptr;
}

std::string read_body(Statement& body, int64_t seq, Body which) {
  body.bind(body_key(seq, which));
  ResetAtEnd reset(body);
  return body.step() == SQLITE_ROW ? body.read_text() : std::string();
}

}  // namespace

StoredInvocation read_outline(Statement& row) {
  StoredInvocation stored;
  stored.seq = row.read_int();
  stored.record.submission = read_submission(row);
  stored.record.progress = read_progress(row);
  stored.record.report = read_report(row);
  return stored;
}

StoredInvocation read_whole(Statement& row, Statement& body) {
  StoredInvocation stored;
  stored.seq = row.read_int();
  auto submission = read_submission(row);
  stored.record.progress = read_progress(row);
  auto report = read_report(row);
  const auto bodies = row.read_int();
  const auto text = [&](Body which) {
    if ((bodies & 1 << which) == 0) return row.read_text();
    row.skip();
    return read_body(body, stored.seq, which);
  };
  std::string logs = text(kLogs);
  std::string result = text(kResult);
  submission->payload = text(kPayload);
  if (report) {
    report->logs = std::move(logs);
    report->result = std::move(result);
  }
  stored.record.submission = std::move(submission);
  stored.record.report = std::move(report);
  return stored;
}

// ── history ──

namespace {

constexpr char kHistoryVersion = 1;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
bool take(std::string_view& from, T& value) {
  if (from.size() < sizeof value) return false;
  std::memcpy(&value, from.data(), sizeof value);
  from.remove_prefix(sizeof value);
  return true;
}

}  // namespace

void encode_history(const std::vector<Attempt>& history, std::string& out) {
  out.clear();
  if (history.empty()) return;
  out += kHistoryVersion;
  for (const Attempt& attempt : history) {
    put(out, attempt.number);
    put(out, attempt.started_at.time_since_epoch().count());
    put(out, attempt.ended_at.time_since_epoch().count());
    put(out, static_cast<uint8_t>(attempt.outcome));
    put(out, static_cast<uint16_t>(attempt.message.size()));
    out += attempt.message;
  }
}

std::vector<Attempt> decode_history(std::string_view bytes) {
  std::vector<Attempt> history;
  if (bytes.empty() || bytes.front() != kHistoryVersion) return history;
  bytes.remove_prefix(1);
  while (!bytes.empty()) {
    Attempt attempt;
    int64_t started = 0, ended = 0;
    uint8_t outcome = 0;
    uint16_t length = 0;
    const bool whole = take(bytes, attempt.number) && take(bytes, started) && take(bytes, ended) &&
                       take(bytes, outcome) && take(bytes, length) && bytes.size() >= length;
    if (!whole) return {};
    attempt.started_at = WallTime(Millis(started));
    attempt.ended_at = WallTime(Millis(ended));
    attempt.outcome = outcome_from_code(outcome).value_or(Outcome::kPlatform);
    attempt.message = bytes.substr(0, length);
    bytes.remove_prefix(length);
    history.push_back(std::move(attempt));
  }
  return history;
}

}  // namespace sluice::sqlite
