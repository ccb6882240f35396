// Invocations as rows: how a record is written and read.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "store/sqlite/database.h"
#include "store/store.h"

namespace sluice::sqlite {

// What a write leaves in the file: the record as it is to stand there.
struct RowWrite {
  bool insert = false;  // else the row exists
  int64_t seq = 0;
  Invocation record;
};

struct StoredInvocation {
  int64_t seq = 0;
  Invocation record;
};

// Larger ones get a row of their own: updating a row that holds them would write them again.
inline constexpr size_t kMaxInlineBody = 16 * 1024;

// Writes rows within the caller's transaction. For one connection.
class InvocationWriter {
 public:
  static Result<InvocationWriter> prepare(Database& database);

  // SQLITE_DONE, or SQLite's extended error code. After an error of the row's own (see
  // is_row_error) nothing of it is left, and the transaction goes on.
  int write(const RowWrite& row);

  // The invocation that holds `ikey`.
  std::optional<Uuid> holder_of(const Sha256& ikey);

 private:
  int insert(const RowWrite& row, int bodies);
  int update(const RowWrite& row, int bodies);
  int write_bodies(const RowWrite& row, int bodies);

  Statement insert_, update_, put_body_, drop_bodies_, holder_;
  std::string history_;  // of the row being written
};

// The error concerns one row alone.
bool is_row_error(int rc);

// The columns that the readers below expect, in order.
extern const char* const kWholeColumns;
extern const char* const kOutlineColumns;  // without payload, result and logs

StoredInvocation read_whole(Statement& row, Statement& body);
StoredInvocation read_outline(Statement& row);

// Attempts as bytes and back. Unreadable bytes give no attempts.
void encode_history(const std::vector<Attempt>& history, std::string& out);
std::vector<Attempt> decode_history(std::string_view bytes);

}  // namespace sluice::sqlite
