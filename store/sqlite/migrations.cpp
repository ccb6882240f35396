#include "store/sqlite/migrations.h"

#include <array>

namespace sluice::sqlite {
namespace {

// Never edit a step that was released: append one. A step may leave what the release before still
// reads.
constexpr std::array kSteps = {
    // 1: everything. Times are UTC milliseconds, ids 16 bytes, hashes 32.
    //
    // An ordinary job touches two trees, each in ascending order: the table by its rowid `seq`, and
    // the index of ids. The
    // other indexes are partial, so that a record that ends in the commit that makes it never
    // enters them. Small columns
    // stand first: reading them does not visit the overflow pages of a large payload.
    R"sql(
CREATE TABLE invocation (
  seq              INTEGER PRIMARY KEY,
  id               BLOB    NOT NULL UNIQUE,
  v                INTEGER NOT NULL,
  state            INTEGER NOT NULL,  -- 0 scheduled, 1 queued, 2 running, 3 done, 4 dead
  outcome          INTEGER,
  ns               TEXT    NOT NULL,
  action           TEXT    NOT NULL,
  version          INTEGER NOT NULL,
  code_hash        BLOB    NOT NULL,
  timeout_ms       INTEGER NOT NULL,
  memory_bytes     INTEGER NOT NULL,
  queue            TEXT    NOT NULL,
  priority         INTEGER NOT NULL,
  created_at       INTEGER NOT NULL,
  submitted_due_at INTEGER NOT NULL,  -- as asked for; due_at moves with each retry
  due_at           INTEGER NOT NULL,
  started_at       INTEGER,
  ended_at         INTEGER,
  expires_at       INTEGER,
  attempt          INTEGER NOT NULL,
  deliveries       INTEGER NOT NULL,
  claim_token      BLOB,
  claim_runner     TEXT,
  claim_at         INTEGER,
  cancel_requested INTEGER NOT NULL,
  ikey             BLOB,
  batch_id         BLOB,
  batch_index      INTEGER NOT NULL,
  parent_id        BLOB,
  traceparent      TEXT,
  history          BLOB,
  bodies           INTEGER NOT NULL,  -- bits: 1 payload, 2 result, 4 logs are in `body`
  report_outcome   INTEGER,           -- null: no report
  run_time_us      INTEGER,
  memory_peak      INTEGER,
  message          TEXT,
  traceback        TEXT,
  logs             TEXT,
  result           TEXT,
  payload          TEXT
);
CREATE UNIQUE INDEX invocation_by_ikey ON invocation (ikey) WHERE ikey IS NOT NULL;
CREATE INDEX invocation_unfinished ON invocation (due_at, seq, state, ns) WHERE state < 3;

CREATE TABLE body (
  key   INTEGER PRIMARY KEY,  -- seq * 4 + 0 payload, 1 result, 2 logs
  bytes BLOB NOT NULL
);

CREATE TABLE action (
  ns             TEXT    NOT NULL,
  name           TEXT    NOT NULL,
  version        INTEGER NOT NULL,
  source_hash    BLOB    NOT NULL,
  code_hash      BLOB    NOT NULL,
  stripped_bytes INTEGER NOT NULL,
  timeout_ms     INTEGER NOT NULL,
  memory_kb      INTEGER NOT NULL,
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  deleted        INTEGER NOT NULL,  -- 1: gone; the row keeps its version, which goes on rising
  PRIMARY KEY (ns, name)
) WITHOUT ROWID;

CREATE TABLE code (
  hash           BLOB    NOT NULL PRIMARY KEY,
  chunk_name     TEXT    NOT NULL,
  stripped_bytes INTEGER NOT NULL,
  lua_tag        TEXT    NOT NULL,
  touched_at     INTEGER NOT NULL,  -- when an action last began or ceased to refer to it
  source         BLOB    NOT NULL,
  bytecode       BLOB    NOT NULL
);
)sql",

    // 2: how many invocations of an action may run at a time; 0: no cap.
    R"sql(
ALTER TABLE action ADD COLUMN max_concurrency INTEGER NOT NULL DEFAULT 0;
CREATE INDEX action_capped ON action (ns, name) WHERE max_concurrency > 0 AND deleted = 0;
)sql",

    // 3: the processor time of the last attempt.
    R"sql(
ALTER TABLE invocation ADD COLUMN cpu_time_us INTEGER;
)sql",

    // 4: the plugins that may be called: names with commas between them; null: all.
    R"sql(
ALTER TABLE action ADD COLUMN allow TEXT;
ALTER TABLE invocation ADD COLUMN allow TEXT;
)sql",
};

Result<int64_t> version_of(Database& database) {
  auto statement = database.prepare("PRAGMA user_version");
  if (!statement) return statement.error();
  const int rc = statement->step();
  if (rc != SQLITE_ROW) return database.error(rc, "sqlite.migrate");
  return statement->read_int();
}

Status take_step(Database& database, size_t step) {
  Status begun = database.execute("BEGIN IMMEDIATE", "sqlite.migrate");
  if (!begun) return begun;
  Status done = database.execute(kSteps[step], "sqlite.migrate");
  if (done) {
    const std::string mark = "PRAGMA user_version=" + std::to_string(step + 1);
    done = database.execute(mark.c_str(), "sqlite.migrate");
  }
  if (done) done = database.execute("COMMIT", "sqlite.migrate");
  if (!done) (void)database.execute("ROLLBACK", "sqlite.migrate");
  return done;
}

}  // namespace

int schema_version() {
  return static_cast<int>(kSteps.size());
}

Status migrate(Database& database) {
  const auto version = version_of(database);
  if (!version) return version.error();
  if (*version > schema_version()) {
    return Error{Code::kRefused, "store.open",
                 "the database is of a later release (schema " + std::to_string(*version) +
                     "; this one knows up to " + std::to_string(schema_version()) +
                     "): upgrade sluice, or use another data folder"};
  }
  for (size_t step = *version; step < kSteps.size(); ++step) {
    Status taken = take_step(database, step);
    if (!taken) return taken;
  }
  return Ok{};
}

}  // namespace sluice::sqlite
