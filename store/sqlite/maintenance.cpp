#include "store/sqlite/maintenance.h"

#include "store/lifecycle.h"
#include "store/sqlite/invocation_rows.h"

namespace sluice::sqlite {
namespace {

Result<int64_t> last_seq(Database& database) {
  auto statement = database.prepare("SELECT ifnull(max(seq), 0) FROM invocation");
  if (!statement) return statement.error();
  const int rc = statement->step();
  if (rc != SQLITE_ROW) return database.error(rc, "store.open");
  return statement->read_int();
}

// The next rows left running, after `seq`.
Result<std::vector<RowWrite>> running_after(Database& database, int64_t seq) {
  auto row = database.prepare(std::string("SELECT ") + kWholeColumns +
                              " FROM invocation INDEXED BY invocation_unfinished"
                              " WHERE state < 3 AND state = 2 AND seq > ? ORDER BY seq LIMIT 100");
  if (!row) return row.error();
  auto body = database.prepare("SELECT bytes FROM body WHERE key = ?");
  if (!body) return body.error();
  row->bind(seq);
  std::vector<RowWrite> found;
  int rc;
  while ((rc = row->step()) == SQLITE_ROW) {
    StoredInvocation stored = read_whole(*row, *body);
    found.push_back({false, stored.seq, std::move(stored.record)});
  }
  if (rc != SQLITE_DONE) return database.error(rc, "store.open");
  return found;
}

Result<size_t> requeue_running(Database& database, WallTime now, const StoreOptions& options) {
  auto writer = InvocationWriter::prepare(database);
  if (!writer) return writer.error();
  size_t requeued = 0;
  int64_t position = 0;
  for (;;) {
    auto rows = running_after(database, position);
    if (!rows) return rows.error();
    if (rows->empty()) return requeued;
    for (RowWrite& row : *rows) {
      position = row.seq;
      lifecycle::abandon(row.record, now, options);
      const int rc = writer->write(row);
      if (rc != SQLITE_OK) return database.error(rc, "store.open");
      ++requeued;
    }
  }
}

}  // namespace

Result<Recovered> recover(Database& database, WallTime now, const StoreOptions& options) {
  const auto last = last_seq(database);
  if (!last) return last.error();
  Status begun = database.execute("BEGIN IMMEDIATE", "store.open");
  if (!begun) return begun.error();
  const auto requeued = requeue_running(database, now, options);
  Status ended = requeued ? database.execute("COMMIT", "store.open") : Status(requeued.error());
  if (!ended) {
    (void)database.execute("ROLLBACK", "store.open");
    return ended.error();
  }
  return Recovered{*last, *requeued};
}

Result<size_t> Expiry::step(Database& database, WallTime now, size_t limit) {
  // Bounds the time of one step when much of what is old has not expired.
  const int64_t visits = static_cast<int64_t>(limit) * 4 + 1000;
  auto rows = database.prepare(
      "SELECT seq, state, expires_at, created_at, bodies FROM invocation WHERE seq > ?"
      " ORDER BY seq LIMIT ?");
  if (!rows) return rows.error();
  rows->bind(position_).bind(visits);

  std::vector<int64_t> expired, with_bodies;
  int64_t visited = 0;
  bool round_over = true;
  int rc;
  while ((rc = rows->step()) == SQLITE_ROW) {
    if (expired.size() == limit || ++visited == visits) {
      round_over = false;
      break;
    }
    const int64_t seq = rows->read_int();
    const State state = static_cast<State>(rows->read_int());
    const auto expires_at = rows->read_optional_time();
    const WallTime created_at = rows->read_time();
    const bool has_bodies = rows->read_int() != 0;
    if (is_finished(state) && expires_at && *expires_at <= now) {
      expired.push_back(seq);
      if (has_bodies) with_bodies.push_back(seq);
    } else if (created_at + retention_ > now) {
      break;  // nor can what came later have expired
    }
    position_ = seq;
  }
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) return database.error(rc, "store.expire");
  rows->reset();
  if (round_over) position_ = 0;

  auto drop = database.prepare("DELETE FROM invocation WHERE seq = ?");
  if (!drop) return drop.error();
  auto drop_bodies = database.prepare("DELETE FROM body WHERE key >= ? AND key < ?");
  if (!drop_bodies) return drop_bodies.error();
  for (const int64_t seq : with_bodies) {
    rc = drop_bodies->bind(seq * 4).bind(seq * 4 + 4).run();
    if (rc != SQLITE_OK) return database.error(rc, "store.expire");
  }
  for (const int64_t seq : expired) {
    rc = drop->bind(seq).run();
    if (rc != SQLITE_OK) return database.error(rc, "store.expire");
  }
  return expired.size();
}

Result<std::vector<Sha256>> unreferenced_code(Database& database, WallTime before) {
  auto statement = database.prepare(
      "SELECT hash FROM code WHERE touched_at <= ?"
      " AND hash NOT IN (SELECT code_hash FROM action WHERE deleted = 0)"
      " AND NOT EXISTS (SELECT 1 FROM invocation INDEXED BY invocation_unfinished"
      "                 WHERE state < 3 AND code_hash = code.hash)");
  if (!statement) return statement.error();
  statement->bind(before);
  std::vector<Sha256> hashes;
  int rc;
  while ((rc = statement->step()) == SQLITE_ROW) hashes.push_back(statement->read_hash());
  if (rc != SQLITE_DONE) return database.error(rc, "store.expire");
  return hashes;
}

Status remove_code(Database& database, const std::vector<Sha256>& hashes, WallTime before) {
  auto statement = database.prepare("DELETE FROM code WHERE hash = ? AND touched_at <= ?");
  if (!statement) return statement.error();
  for (const Sha256& hash : hashes) {
    const int rc = statement->bind(hash).bind(before).run();
    if (rc != SQLITE_OK) return database.error(rc, "store.expire");
  }
  return Ok{};
}

}  // namespace sluice::sqlite
