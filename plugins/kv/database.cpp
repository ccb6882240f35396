#include "plugins/kv/database.h"

#include <algorithm>
#include <thread>

namespace sluice::kv {
namespace {

[[noreturn]] void fail(sqlite3* connection, int code) {
  // The connection's message belongs to its last call; the code's own words where that was another.
  const bool same = connection != nullptr && sqlite3_extended_errcode(connection) == code;
  const std::string words = same ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
  throw SqliteError(code, words + " (SQLite " + std::to_string(code) + ")");
}

}  // namespace

Statement::Statement(sqlite3* database, std::string_view sql) : database_(database) {
  sqlite3_stmt* made = nullptr;
  const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  if (code != SQLITE_OK) fail(database, code);
  statement_.reset(made);
}

Statement& Statement::bind(int64_t value) {
  sqlite3_bind_int64(statement_.get(), ++parameter_, value);
  return *this;
}

Statement& Statement::bind_text(std::string_view text) {
  // A null pointer would bind NULL.
  sqlite3_bind_text64(statement_.get(), ++parameter_, text.data() ? text.data() : "", text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_bytes(std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), ++parameter_, bytes.data() ? bytes.data() : "",
                      bytes.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_null() {
  sqlite3_bind_null(statement_.get(), ++parameter_);
  return *this;
}

bool Statement::step() {
  column_ = 0;
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(database_, code);
  return false;
}

void Statement::run() {
  ResetAtEnd reset(*this);
  step();
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  parameter_ = 0;  // every parameter is bound each time
}

int64_t Statement::read_int() {
  return sqlite3_column_int64(statement_.get(), column_++);
}

std::string Statement::read_bytes() {
  const int at = column_++;
  const void* bytes = sqlite3_column_blob(statement_.get(), at);
  const int size = sqlite3_column_bytes(statement_.get(), at);
  return bytes ? std::string(static_cast<const char*>(bytes), size) : std::string();
}

bool Statement::next_is_null() {
  return sqlite3_column_type(statement_.get(), column_) == SQLITE_NULL;
}

Database::Database(const std::string& path, const std::string& vfs)
    : waiting_(std::make_unique<Waiting>()) {
  sqlite3* made = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &made, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      vfs.empty() ? nullptr : vfs.c_str());
  connection_.reset(made);
  if (code != SQLITE_OK) fail(made, code);
  sqlite3_busy_handler(made, &on_busy, waiting_.get());
  sqlite3_db_config(made, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
}

int Database::on_busy(void* waiting, int times) {
  const auto now = std::chrono::steady_clock::now();
  const auto left = static_cast<Waiting*>(waiting)->until - now;
  if (left <= left.zero()) return 0;
  const std::chrono::steady_clock::duration pause =
      std::chrono::milliseconds(std::min(1 + times, 10));
  std::this_thread::sleep_for(std::min(pause, left));
  return 1;
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(connection_.get(), code);
}

int64_t Database::pragma(const char* name) {
  Statement statement = prepare(std::string("PRAGMA ") + name);
  return statement.step() ? statement.read_int() : 0;
}

void Database::roll_back() noexcept {
  if (in_transaction()) sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace sluice::kv
