#include "store/sqlite/action_rows.h"

#include "store/sqlite/allow_column.h"

namespace sluice::sqlite {
namespace {

constexpr const char* kSelectAction =
    "SELECT ns, name, version, source_hash, code_hash, stripped_bytes, timeout_ms, memory_kb,"
    " max_concurrency, allow, created_at, updated_at, deleted FROM action WHERE ";

struct ActionRow {
  Action action;
  bool deleted = false;
};

ActionRow read_action(Statement& row) {
  ActionRow read;
  Action& action = read.action;
  action.ns = row.read_text();
  action.name = row.read_text();
  action.version = static_cast<uint32_t>(row.read_int());
  action.source_hash = row.read_hash();
  action.code_hash = row.read_hash();
  action.stripped_bytes = static_cast<uint64_t>(row.read_int());
  action.timeout = Millis(row.read_int());
  action.memory_kb = static_cast<uint64_t>(row.read_int());
  action.max_concurrency = static_cast<uint32_t>(row.read_int());
  action.allow = read_allow(row);
  action.created_at = row.read_time();
  action.updated_at = row.read_time();
  read.deleted = row.read_int() != 0;
  return read;
}

// The action's row, deleted or not; nullopt when there never was one.
Result<std::optional<ActionRow>> row_of(Database& database, const std::string& ns,
                                        const std::string& name, const char* operation) {
  auto statement = database.prepare(std::string(kSelectAction) + "ns = ? AND name = ?");
  if (!statement) return statement.error();
  const int rc = statement->bind(std::string_view(ns)).bind(std::string_view(name)).step();
  if (rc == SQLITE_DONE) return std::optional<ActionRow>();
  if (rc != SQLITE_ROW) return database.error(rc, operation);
  return std::optional<ActionRow>(read_action(*statement));
}

Result<std::vector<Action>> read_actions(Database& database, Statement& statement,
                                         const char* operation) {
  std::vector<Action> actions;
  int rc;
  while ((rc = statement.step()) == SQLITE_ROW) actions.push_back(read_action(statement).action);
  if (rc != SQLITE_DONE) return database.error(rc, operation);
  return actions;
}

Error no_action(const char* operation, const std::string& name) {
  return {Code::kNotFound, operation, "no action '" + name + "'"};
}

Status touch_code(Database& database, const Sha256& hash, WallTime now) {
  auto statement = database.prepare("UPDATE code SET touched_at = ? WHERE hash = ?");
  if (!statement) return statement.error();
  const int rc = statement->bind(now).bind(hash).run();
  if (rc != SQLITE_OK) return database.error(rc, "store.put_action");
  return Ok{};
}

Status write_code(Database& database, const CodeRecord& code, WallTime now) {
  auto statement = database.prepare(
      "INSERT OR REPLACE INTO code (hash, chunk_name, stripped_bytes, lua_tag, touched_at, source,"
      " bytecode) VALUES (?, ?, ?, ?, ?, ?, ?)");
  if (!statement) return statement.error();
  const int rc = statement->bind(code.hash)
                     .bind(std::string_view(code.chunk_name))
                     .bind(static_cast<int64_t>(code.stripped_bytes))
                     .bind(std::string_view(code.lua_tag))
                     .bind(now)
                     .bind_blob(code.source)
                     .bind_blob(code.bytecode)
                     .run();
  if (rc != SQLITE_OK) return database.error(rc, "store.put_action");
  return Ok{};
}

Status write_action(Database& database, const Action& action, bool deleted, const char* operation) {
  auto statement = database.prepare(
      "INSERT OR REPLACE INTO action (ns, name, version, source_hash, code_hash, stripped_bytes,"
      " timeout_ms, memory_kb, max_concurrency, allow, created_at, updated_at, deleted)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!statement) return statement.error();
  const auto allow = allow_text(action.allow);
  statement->bind(std::string_view(action.ns))
      .bind(std::string_view(action.name))
      .bind(int64_t{action.version})
      .bind(action.source_hash)
      .bind(action.code_hash)
      .bind(static_cast<int64_t>(action.stripped_bytes))
      .bind(int64_t{action.timeout.count()})
      .bind(static_cast<int64_t>(action.memory_kb))
      .bind(int64_t{action.max_concurrency});
  bind_allow(*statement, allow);
  const int rc =
      statement->bind(action.created_at).bind(action.updated_at).bind(int64_t{deleted}).run();
  if (rc != SQLITE_OK) return database.error(rc, operation);
  return Ok{};
}

}  // namespace

Result<Action> put_action(Database& database, PutMode mode, Action action, const CodeRecord& code,
                          WallTime now) {
  auto found = row_of(database, action.ns, action.name, "store.put_action");
  if (!found) return found.error();
  const std::optional<ActionRow>& row = *found;
  const bool exists = row && !row->deleted;
  if (mode == PutMode::kCreate && exists)
    return Error{Code::kConflict, "store.put_action", "action '" + action.name + "' exists"};
  if (mode == PutMode::kReplace && !exists) return no_action("store.put_action", action.name);

  action.version = row ? row->action.version + 1 : 1;
  action.created_at = exists ? row->action.created_at : now;
  action.updated_at = now;
  Status done = exists ? touch_code(database, row->action.code_hash, now) : Status{};
  if (done) done = write_code(database, code, now);
  if (done) done = write_action(database, action, false, "store.put_action");
  if (!done) return done.error();
  return action;
}

Status delete_action(Database& database, const std::string& ns, const std::string& name,
                     WallTime now) {
  auto found = row_of(database, ns, name, "store.delete_action");
  if (!found) return found.error();
  if (!*found || (*found)->deleted) return no_action("store.delete_action", name);
  Status done = touch_code(database, (*found)->action.code_hash, now);
  if (done) done = write_action(database, (*found)->action, true, "store.delete_action");
  return done;
}

Result<Action> find_action(Database& database, const std::string& ns, const std::string& name) {
  auto found = row_of(database, ns, name, "store.find_action");
  if (!found) return found.error();
  if (!*found || (*found)->deleted) return no_action("store.find_action", name);
  return std::move((*found)->action);
}

Result<std::vector<Action>> list_actions(Database& database, const std::string& ns) {
  auto statement =
      database.prepare(std::string(kSelectAction) + "ns = ? AND deleted = 0 ORDER BY name");
  if (!statement) return statement.error();
  statement->bind(std::string_view(ns));
  return read_actions(database, *statement, "store.list_actions");
}

Result<std::vector<Action>> capped_actions(Database& database) {
  auto statement =
      database.prepare(std::string(kSelectAction) + "max_concurrency > 0 AND deleted = 0");
  if (!statement) return statement.error();
  return read_actions(database, *statement, "store.capped_actions");
}

Result<CodePtr> find_code(Database& database, const Sha256& hash) {
  auto statement = database.prepare(
      "SELECT hash, chunk_name, stripped_bytes, lua_tag, source, bytecode FROM code WHERE hash = "
      "?");
  if (!statement) return statement.error();
  const int rc = statement->bind(hash).step();
  if (rc == SQLITE_DONE) return Error{Code::kNotFound, "store.find_code", "no code " + hash.hex()};
  if (rc != SQLITE_ROW) return database.error(rc, "store.find_code");
  auto code = std::make_shared<CodeRecord>();
  code->hash = statement->read_hash();
  code->chunk_name = statement->read_text();
  code->stripped_bytes = static_cast<uint64_t>(statement->read_int());
  code->lua_tag = statement->read_text();
  code->source = statement->read_text();
  code->bytecode = statement->read_text();
  return CodePtr(std::move(code));
}

Status put_bytecode(Database& database, const Sha256& hash, const std::string& bytecode,
                    const std::string& lua_tag) {
  auto statement = database.prepare("UPDATE code SET bytecode = ?, lua_tag = ? WHERE hash = ?");
  if (!statement) return statement.error();
  const int rc = statement->bind_blob(bytecode).bind(std::string_view(lua_tag)).bind(hash).run();
  if (rc != SQLITE_OK) return database.error(rc, "store.put_bytecode");
  if (sqlite3_changes(database.handle()) == 0)
    return Error{Code::kNotFound, "store.put_bytecode", "no code " + hash.hex()};
  return Ok{};
}

}  // namespace sluice::sqlite
