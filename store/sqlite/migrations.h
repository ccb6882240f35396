// The schema, as the list of steps that leads to it. PRAGMA user_version counts the steps a file
// has seen.
#pragma once

#include "store/sqlite/database.h"

namespace sluice::sqlite {

// Brings the file up to date, each step in a transaction of its own. A file that a later release
// has migrated is refused with kRefused: this release would misread it.
Status migrate(Database& database);

int schema_version();  // of this release

}  // namespace sluice::sqlite
