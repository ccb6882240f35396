#include "store/sqlite/database.h"

#include <cstring>

namespace sluice::sqlite {
namespace {

constexpr int kBusyMs = 10'000;  // a RESTART checkpoint holds the write lock for less than that

Code code_of(int rc) {
  switch (rc & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return Code::kUnavailable;
    case SQLITE_CONSTRAINT:
      return Code::kConflict;
    case SQLITE_TOOBIG:
      return Code::kInvalid;
    default:
      return Code::kInternal;
  }
}

}  // namespace

Statement& Statement::bind(int64_t value) {
  sqlite3_bind_int64(statement_.get(), ++parameter_, value);
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  // A null pointer would bind NULL.
  sqlite3_bind_text64(statement_.get(), ++parameter_, text.data() ? text.data() : "", text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), ++parameter_, bytes.data() ? bytes.data() : "",
                      bytes.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_null() {
  sqlite3_bind_null(statement_.get(), ++parameter_);
  return *this;
}

Statement& Statement::bind(const Uuid& id) {
  return bind_blob({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
}

Statement& Statement::bind(const Sha256& hash) {
  return bind_blob({reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()});
}

int Statement::step() {
  column_ = 0;
  return sqlite3_step(statement_.get());
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  // Values are overwritten by the next binding; every parameter is bound each time.
  parameter_ = 0;
}

int Statement::run() {
  step();
  parameter_ = 0;
  return sqlite3_reset(statement_.get());
}

int64_t Statement::read_int() {
  return sqlite3_column_int64(statement_.get(), column_++);
}

std::string Statement::read_text() {
  const int at = column_++;
  const void* bytes = sqlite3_column_blob(statement_.get(), at);
  const int size = sqlite3_column_bytes(statement_.get(), at);
  return bytes ? std::string(static_cast<const char*>(bytes), size) : std::string();
}

Uuid Statement::read_uuid() {
  Uuid id;
  const int at = column_++;
  const void* bytes = sqlite3_column_blob(statement_.get(), at);
  if (bytes && sqlite3_column_bytes(statement_.get(), at) == static_cast<int>(id.bytes.size()))
    std::memcpy(id.bytes.data(), bytes, id.bytes.size());
  return id;
}

Sha256 Statement::read_hash() {
  Sha256 hash;
  const int at = column_++;
  const void* bytes = sqlite3_column_blob(statement_.get(), at);
  if (bytes && sqlite3_column_bytes(statement_.get(), at) == static_cast<int>(hash.bytes.size()))
    std::memcpy(hash.bytes.data(), bytes, hash.bytes.size());
  return hash;
}

bool Statement::next_is_null() {
  return sqlite3_column_type(statement_.get(), column_) == SQLITE_NULL;
}

std::optional<WallTime> Statement::read_optional_time() {
  if (next_is_null()) {
    skip();
    return std::nullopt;
  }
  return read_time();
}

Result<Database> Database::open(const std::string& path, const DatabaseOptions& options) {
  sqlite3* raw = nullptr;
  const int rc = sqlite3_open_v2(
      path.c_str(), &raw,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      options.vfs.empty() ? nullptr : options.vfs.c_str());
  Database database;
  database.database_.reset(raw);
  if (rc != SQLITE_OK) {
    Error error = raw ? database.error(rc, "sqlite.open")
                      : Error{Code::kUnavailable, "sqlite.open", sqlite3_errstr(rc)};
    error.message = path + ": " + error.message;
    return error;
  }
  sqlite3_busy_timeout(raw, kBusyMs);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);

  std::string setup =
      "PRAGMA journal_mode=WAL;"
      "PRAGMA wal_autocheckpoint=0;"
      "PRAGMA journal_size_limit=67108864;"
      "PRAGMA foreign_keys=OFF;"
      "PRAGMA temp_store=MEMORY;"
      "PRAGMA cache_size=-" +
      std::to_string(options.cache_kb) + ";";
  setup += options.sync_full ? "PRAGMA synchronous=FULL;" : "PRAGMA synchronous=NORMAL;";
  if (options.max_page_count > 0)
    setup += "PRAGMA max_page_count=" + std::to_string(options.max_page_count) + ";";
  if (options.query_only) setup += "PRAGMA query_only=ON;";
  Status set = database.execute(setup.c_str(), "sqlite.open");
  if (!set) {
    Error error = set.error();
    error.message = path + ": " + error.message;
    return error;
  }
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int rc = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                    SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (rc != SQLITE_OK) return error(rc, "sqlite.prepare");
  return Statement(raw);
}

Status Database::execute(const char* sql, const char* operation) {
  const int rc = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return error(rc, operation);
  return Ok{};
}

Error Database::error(int rc, const char* operation) const {
  // The connection's message belongs to its last call; the code's own words where that was another.
  const bool same = sqlite3_extended_errcode(database_.get()) == rc;
  std::string message = same ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(rc);
  return {code_of(rc), operation, message + " (SQLite " + std::to_string(rc) + ")"};
}

bool is_failed_sync(int extended_rc) {
  return extended_rc == SQLITE_IOERR_FSYNC || extended_rc == SQLITE_IOERR_DIR_FSYNC;
}

}  // namespace sluice::sqlite
