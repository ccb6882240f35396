// SQLite's connection and statements as values: the RAII of the C library, in the one place that
// has it.
//
// One thread at a time for each connection. Nothing throws; errors are Status.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/uuid.h"

namespace sluice::sqlite {

// A prepared statement. Binding does not copy: what is bound outlives the next reset().
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  // Parameters and columns are bound and read in their order, one after the other.
  Statement& bind(int64_t value);
  Statement& bind(std::string_view text);
  Statement& bind_blob(std::string_view bytes);
  Statement& bind_null();
  Statement& bind(const Uuid& id);
  Statement& bind(const Sha256& hash);
  Statement& bind(WallTime time) { return bind(time.time_since_epoch().count()); }
  template <class T>
  Statement& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind_null();
  }

  int step();    // SQLITE_ROW, SQLITE_DONE or an error code
  void reset();  // also forgets what was bound
  // Step and reset, for what gives no rows.
  int run();

  int64_t read_int();
  std::string read_text();  // and blobs
  Uuid read_uuid();
  Sha256 read_hash();
  WallTime read_time() { return WallTime(Millis(read_int())); }
  bool next_is_null();  // of the column read next
  void skip() { ++column_; }
  std::optional<WallTime> read_optional_time();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int parameter_ = 0;
  int column_ = 0;
};

struct DatabaseOptions {
  std::string vfs;  // "": the system's
  int cache_kb = 512;
  bool sync_full = true;   // synchronous = FULL, else NORMAL
  int max_page_count = 0;  // 0: SQLite's
  bool query_only = false;
};

class Database {
 public:
  // Opens or makes the file and sets it up: WAL, no automatic checkpoints.
  static Result<Database> open(const std::string& path, const DatabaseOptions& options);

  Result<Statement> prepare(std::string_view sql);  // kept until destroyed, for reuse
  Status execute(const char* sql, const char* operation);

  Error error(int rc, const char* operation) const;
  sqlite3* handle() { return database_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  std::unique_ptr<sqlite3, Close> database_;
};

// Ends the read or write that a statement is in the middle of, however the scope is left.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(Statement& statement) : statement_(statement) {}
  ~ResetAtEnd() { statement_.reset(); }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  Statement& statement_;
};

// Whether the disk may have lost what was written: nothing can be promised any more.
bool is_failed_sync(int extended_rc);

}  // namespace sluice::sqlite
