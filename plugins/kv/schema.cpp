#include "plugins/kv/schema.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include "sluice/plugin.hpp"

namespace sluice::kv {
namespace {

using plugin::Failure;
using std::chrono::steady_clock;

constexpr int64_t kApplication = 0x736c6b76;  // "slkv"
constexpr int64_t kSchema = 1;
constexpr std::chrono::seconds kOpenTimeout{10};  // for locks that another process has
constexpr std::chrono::seconds kCheckTimeout{5};  // a large file is checked no longer

constexpr const char* kTables =
    "CREATE TABLE counters(version INTEGER NOT NULL, keys INTEGER NOT NULL) STRICT;"
    "INSERT INTO counters VALUES(0, 0);"
    // The value last: what lists keys or looks for expired ones does not read it.
    "CREATE TABLE entries(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, version INTEGER NOT "
    "NULL,"
    " expires_at INTEGER, value TEXT NOT NULL) STRICT;"
    "CREATE INDEX entries_by_expiry ON entries(expires_at) WHERE expires_at IS NOT NULL;"
    "PRAGMA application_id = 1936485238;"
    "PRAGMA user_version = 1;";

// The file itself, so that its permissions are ours: a store may hold what only the server should
// see.
void make_file(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status)) {
    if (!std::filesystem::is_regular_file(status)) throw Failure("'" + path + "' is no file");
    return;
  }
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    const int why = errno;
    throw Failure("cannot make '" + path + "': " + std::strerror(why));
  }
  close(file);
}

void refuse_what_is_not_ours(Database& database) {
  const int64_t application = database.pragma("application_id");
  const int64_t schema = database.pragma("user_version");
  Statement tables = database.prepare("SELECT count(*) FROM sqlite_master");
  tables.step();
  const bool is_empty = tables.read_int() == 0 && application == 0 && schema == 0;
  if (is_empty) return;
  if (application != kApplication)
    throw Failure("is an SQLite database, but no store of the plugin kv: name another file");
  if (schema > kSchema)
    throw Failure("is of a later release (schema " + std::to_string(schema) + ", this one knows " +
                  std::to_string(kSchema) + "): start that release, or name another file");
  if (schema != kSchema)
    throw Failure("has a schema that never was (" + std::to_string(schema) + ")");
}

// All of it as of one moment: another process may be making the store just now.
void look_once(Database& database) {
  database.execute("BEGIN");
  try {
    refuse_what_is_not_ours(database);
    database.execute("COMMIT");
  } catch (...) {
    database.roll_back();
    throw;
  }
}

// Damage is better found now than by a call.
void check(Database& database) {
  struct Until {
    Deadline end;
    static int passed(void* self) {
      return steady_clock::now() > static_cast<Until*>(self)->end ? 1 : 0;
    }
  } until{steady_clock::now() + kCheckTimeout};
  sqlite3_progress_handler(database.handle(), 1000, &Until::passed, &until);
  std::string found = "ok";
  try {
    Statement check = database.prepare("PRAGMA quick_check(1)");
    if (check.step()) found = check.read_bytes();
  } catch (const SqliteError& error) {
    if (error.primary() != SQLITE_INTERRUPT) throw;
  }
  sqlite3_progress_handler(database.handle(), 0, nullptr, nullptr);
  database.prepare("SELECT version, keys FROM counters");
  database.prepare("SELECT id, key, version, expires_at, value FROM entries");
  if (found != "ok") throw SqliteError(SQLITE_CORRUPT, found);
}

// SQLite does not wait for locks in all that the change to a write-ahead log takes.
void use_write_ahead_log(Database& database, Deadline until) {
  for (;;) {
    try {
      Statement change = database.prepare("PRAGMA journal_mode = WAL");
      if (change.step() && change.read_bytes() == "wal") return;
      throw Failure(
          "lies on a file system that cannot do what a write-ahead log needs (shared memory)");
    } catch (const SqliteError& error) {
      if (error.primary() != SQLITE_BUSY || steady_clock::now() > until) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
}

void make_tables(Database& database) {
  database.execute("BEGIN IMMEDIATE");
  try {
    // Another process may have been quicker.
    refuse_what_is_not_ours(database);
    if (database.pragma("user_version") == 0) database.execute(kTables);
    database.execute("COMMIT");
  } catch (...) {
    database.roll_back();
    throw;
  }
}

Database connect(const FileOptions& options, Deadline until) {
  Database database(options.path, options.vfs);
  database.wait_until(until);
  // Checkpoints are the writer's: it must hear of those that fail.
  database.execute(
      "PRAGMA wal_autocheckpoint = 0;"
      "PRAGMA foreign_keys = OFF;"
      "PRAGMA temp_store = MEMORY;"
      "PRAGMA trusted_schema = OFF;"
      "PRAGMA cache_size = -1024;");
  return database;
}

}  // namespace

Database open_for_writing(const FileOptions& options) {
  make_file(options.path);
  const Deadline until = steady_clock::now() + kOpenTimeout;
  try {
    Database database = connect(options, until);
    look_once(database);
    use_write_ahead_log(database, until);
    database.execute(options.sync_full ? "PRAGMA synchronous = FULL"
                                       : "PRAGMA synchronous = NORMAL");
    database.execute("PRAGMA journal_size_limit = 16777216");
    make_tables(database);
    check(database);
    const int64_t pages = options.max_bytes / database.pragma("page_size");
    database.pragma(("max_page_count = " + std::to_string(pages)).c_str());
    return database;
  } catch (const Failure& failure) {
    throw Failure("'" + options.path + "' " + failure.what());
  } catch (const SqliteError& error) {
    const std::string file = "'" + options.path + "' ";
    switch (error.primary()) {
      case SQLITE_NOTADB:
        throw Failure(file +
                      "is no SQLite database, or its beginning is damaged: name another file");
      case SQLITE_CORRUPT:
        throw Failure(file + "is damaged: " + error.what() + "; put back a copy, or move it away");
      case SQLITE_BUSY:
        throw Failure(file + "is locked by another process: " + error.what());
      default:
        throw Failure(file + "cannot be opened: " + error.what());
    }
  }
}

Database open_for_reading(const FileOptions& options) {
  Database database = connect(options, steady_clock::now() + kOpenTimeout);
  database.execute("PRAGMA query_only = ON");
  return database;
}

}  // namespace sluice::kv
