#include "store/sqlite/queries.h"

namespace sluice::sqlite {
namespace {

Error no_invocation(const char* operation, const Uuid& id) {
  return {Code::kNotFound, operation, "no invocation " + id.text()};
}

}  // namespace

Result<Queries> Queries::prepare(Database database) {
  Queries queries;
  queries.database_ = std::move(database);
  const std::pair<Statement*, std::string> statements[] = {
      {&queries.find_, std::string("SELECT ") + kWholeColumns + " FROM invocation WHERE id = ?"},
      {&queries.body_, "SELECT bytes FROM body WHERE key = ?"},
      {&queries.due_,
       "SELECT seq, due_at, state, id, ns, queue, action, priority"
       " FROM invocation INDEXED BY invocation_unfinished"
       " WHERE state < 3 AND due_at <= ? AND (due_at, seq) > (?, ?)"
       " ORDER BY due_at, seq LIMIT ?"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = queries.database_.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return queries;
}

Result<StoredInvocation> Queries::find(const Uuid& id) {
  find_.bind(id);
  ResetAtEnd reset(find_);
  const int rc = find_.step();
  if (rc == SQLITE_ROW) return read_whole(find_, body_);
  if (rc == SQLITE_DONE) return no_invocation("store.find", id);
  return database_.error(rc, "store.find");
}

Result<std::vector<DueRow>> Queries::due(WallTime now, const DueCursor& after, size_t limit) {
  due_.bind(now).bind(after.due_ms).bind(after.sequence).bind(static_cast<int64_t>(limit));
  ResetAtEnd reset(due_);
  std::vector<DueRow> rows;
  int rc;
  while ((rc = due_.step()) == SQLITE_ROW) {
    DueRow row;
    row.cursor.sequence = due_.read_int();
    row.item.due_at = due_.read_time();
    row.cursor.due_ms = row.item.due_at.time_since_epoch().count();
    row.state = static_cast<State>(due_.read_int());
    row.item.id = due_.read_uuid();
    row.item.ns = due_.read_text();
    row.item.queue = due_.read_text();
    row.item.action = due_.read_text();
    row.item.priority = static_cast<int>(due_.read_int());
    rows.push_back(std::move(row));
  }
  if (rc != SQLITE_DONE) return database_.error(rc, "store.due");
  return rows;
}

Result<std::vector<Invocation>> Queries::list(const ListQuery& query) {
  int64_t before = INT64_MAX;
  if (query.before) {
    auto found = find(*query.before);
    if (!found) return found.error();
    before = found->seq;
  }
  std::string sql = std::string("SELECT ") + kOutlineColumns + " FROM invocation WHERE ns = ?";
  if (query.action) sql += " AND action = ?";
  if (query.state) {
    // Written out, so that the partial index of the unfinished can serve.
    sql += " AND state = " + std::to_string(static_cast<int>(*query.state));
    if (!is_finished(*query.state)) sql += " AND state < 3";
  }
  sql += " AND seq < ? ORDER BY seq DESC LIMIT ?";
  auto statement = database_.prepare(sql);
  if (!statement) return statement.error();
  statement->bind(std::string_view(query.ns));
  if (query.action) statement->bind(std::string_view(*query.action));
  statement->bind(before).bind(static_cast<int64_t>(query.limit));

  std::vector<Invocation> found;
  int rc;
  while ((rc = statement->step()) == SQLITE_ROW)
    found.push_back(std::move(read_outline(*statement).record));
  if (rc != SQLITE_DONE) return database_.error(rc, "store.list");
  return found;
}

Result<Counts> Queries::count(const std::string& ns) {
  auto statement = database_.prepare(
      "SELECT state, count(*), min(due_at) FROM invocation INDEXED BY invocation_unfinished"
      " WHERE state < 3 AND ns = ? GROUP BY state");
  if (!statement) return statement.error();
  statement->bind(std::string_view(ns));
  Counts counts;
  int rc;
  while ((rc = statement->step()) == SQLITE_ROW) {
    const State state = static_cast<State>(statement->read_int());
    const uint64_t number = static_cast<uint64_t>(statement->read_int());
    if (state == State::kScheduled) counts.scheduled = number;
    if (state == State::kRunning) counts.running = number;
    if (state == State::kQueued) {
      counts.queued = number;
      counts.oldest_due = statement->read_time();
    }
  }
  if (rc != SQLITE_DONE) return database_.error(rc, "store.count");
  return counts;
}

}  // namespace sluice::sqlite
