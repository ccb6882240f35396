// The stores and queues that the settings name.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/config/settings.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/metrics.h"
#include "queue/queue.h"
#include "store/mongo/mongo_store.h"

namespace sluice {

// What every backend is given. All of it outlives them.
struct BackendParts {
  Executor& executor;
  const Clock& clock;
  Log& log;
  Metrics& metrics;
};

// The store of `sluice serve`. Blocks while it opens a file.
Result<std::unique_ptr<Store>> open_store(const Settings& settings, BackendParts parts);

// The fleet's. They need not be there: what opens recovers by itself. kInvalid: the URL is wrong,
// or the server says that it cannot be used.
MongoStoreOptions mongo_options(const Settings& settings);
Result<std::unique_ptr<Store>> open_mongo(const Settings& settings, BackendParts parts);
Result<std::unique_ptr<Queue>> open_redis(const Settings& settings, BackendParts parts);

}  // namespace sluice
