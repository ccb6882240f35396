// The questions a store is asked, answered from the file. They see what is committed.
#pragma once

#include <vector>

#include "store/sqlite/database.h"
#include "store/sqlite/invocation_rows.h"
#include "store/store.h"

namespace sluice::sqlite {

struct DueRow {
  DueItem item;
  DueCursor cursor;
  State state = State::kQueued;
};

// The reading connection, with what it is asked often prepared.
class Queries {
 public:
  static Result<Queries> prepare(Database database);

  Result<StoredInvocation> find(const Uuid& id);
  // Unfinished and due, running ones included: only the ledger knows their leases.
  Result<std::vector<DueRow>> due(WallTime now, const DueCursor& after, size_t limit);
  Result<std::vector<Invocation>> list(const ListQuery& query);
  Result<Counts> count(const std::string& ns);

  Database& database() { return database_; }

 private:
  Database database_;
  Statement find_, body_, due_;
};

}  // namespace sluice::sqlite
