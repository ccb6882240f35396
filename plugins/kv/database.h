// SQLite's connection and statements as values: the RAII of the C library, in the one place of this
// plugin that has it.
//
// One thread at a time for each connection. What SQLite refuses is thrown as SqliteError.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice::kv {

using Deadline = std::chrono::steady_clock::time_point;

struct SqliteError : std::runtime_error {
  SqliteError(int code, const std::string& text) : std::runtime_error(text), code(code) {}
  int code;  // extended

  int primary() const { return code & 0xff; }
  // The disk may have lost what it was given: nothing that is written later can be promised.
  bool is_failed_sync() const {
    return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
  }
};

class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* database, std::string_view sql);

  // In the order of the parameters. Text and bytes are not copied: they outlive the next reset().
  Statement& bind(int64_t value);
  Statement& bind_text(std::string_view text);
  Statement& bind_bytes(std::string_view bytes);
  Statement& bind_null();

  bool step();  // whether there is a row
  void run();   // for what has no rows
  void reset();

  // In the order of the columns.
  int64_t read_int();
  std::string read_bytes();  // and text
  bool next_is_null();

  explicit operator bool() const { return statement_ != nullptr; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int parameter_ = 0;
  int column_ = 0;
};

// Ends the read that a statement is in the middle of, however the scope is left.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(Statement& statement) : statement_(statement) {}
  ~ResetAtEnd() { statement_.reset(); }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  Statement& statement_;
};

class Database {
 public:
  // `vfs`: the name of a registered one; empty: the system's. The file must exist.
  Database(const std::string& path, const std::string& vfs);

  // Until when a call waits for locks that other connections hold.
  void wait_until(Deadline deadline) { waiting_->until = deadline; }

  void execute(const char* sql);
  Statement prepare(std::string_view sql) { return Statement(connection_.get(), sql); }
  int64_t pragma(const char* name);  // the number that it answers
  int64_t changes() const { return sqlite3_changes64(connection_.get()); }
  bool in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }
  void roll_back() noexcept;  // where there is a transaction

  sqlite3* handle() { return connection_.get(); }

 private:
  struct Waiting {
    Deadline until{};
  };
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  static int on_busy(void* waiting, int times);

  std::unique_ptr<Waiting> waiting_;  // SQLite keeps its address
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace sluice::kv
