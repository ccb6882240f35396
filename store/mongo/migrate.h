// For `sluice migrate`.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "store/mongo/mongo_store.h"

namespace sluice {

// Brings the database to what this release needs. Blocks; tries for some seconds where it is away.
// Answers what was done, a line each.
Result<std::vector<std::string>> migrate_mongo(const MongoStoreOptions& options, Log& log);

}  // namespace sluice
