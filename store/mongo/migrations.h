// What the database must have: indexes, and one document that says of which version they are and
// how long a lease is.
#pragma once

#include <string>
#include <vector>

#include "store/mongo/session.h"
#include "store/store.h"

namespace sluice::mongo {

inline constexpr int kSchemaVersion = 1;  // a release works with its own and the one before

struct Migrated {
  std::vector<std::string> done;  // for people; empty when there was nothing to do
  Millis lease{0};                // the fleet's: that of who came first
};

// Can be run by many at once, and again. kInternal: the database is of a later release.
Result<Migrated> migrate(Session& session, Millis lease);

}  // namespace sluice::mongo
