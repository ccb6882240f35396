// What keeps the file in order: recovery at the start, removal of what has expired.
#pragma once

#include <vector>

#include "store/sqlite/database.h"
#include "store/store.h"

namespace sluice::sqlite {

struct Recovered {
  int64_t last_seq = 0;
  size_t requeued = 0;  // were running when the last process ended
};

// Queues again what the last process was running. In a transaction of its own; no other process has
// the file.
Result<Recovered> recover(Database& database, WallTime now, const StoreOptions& options);

// Removes finished records whose time has come, oldest first, in small steps. Rows are visited by
// seq, from where the last step stopped: an index by expiry would cost every insert.
class Expiry {
 public:
  explicit Expiry(Millis retention) : retention_(retention) {}

  // Within the caller's transaction. How many records went, at most `limit`.
  Result<size_t> step(Database& database, WallTime now, size_t limit);

 private:
  Millis retention_;
  int64_t position_ = 0;  // rows up to here have been visited in this round
};

// Code that neither an action nor an unfinished invocation refers to, and nothing has since
// `before`. Only reads.
Result<std::vector<Sha256>> unreferenced_code(Database& database, WallTime before);

// Removes it, unless an action has come to refer to it since. Within the caller's transaction.
Status remove_code(Database& database, const std::vector<Sha256>& hashes, WallTime before);

}  // namespace sluice::sqlite
