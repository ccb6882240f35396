#include "store/mongo/migrate.h"

#include <thread>

#include "store/mongo/connect.h"
#include "store/mongo/migrations.h"

namespace sluice {

using namespace mongo;

Result<std::vector<std::string>> migrate_mongo(const MongoStoreOptions& options, Log& log) {
  constexpr int kTries = 10;
  Metrics metrics;
  auto connector = Connector::make(options.uri, metrics);
  if (!connector.ok()) return connector.error();
  Session session((*connector)->pool(), (*connector)->database());
  for (int left = kTries;; --left) {
    auto migrated = migrate(session, options.store.lease);
    if (migrated.ok()) {
      std::vector<std::string> lines = std::move(migrated->done);
      lines.push_back("The database '" + (*connector)->database() + "' at " +
                      (*connector)->hosts() + " has schema " + std::to_string(kSchemaVersion) +
                      "; leases last " + std::to_string(migrated->lease.count()) + " ms");
      return lines;
    }
    if (migrated.error().code != Code::kUnavailable || left == 1) return migrated.error();
    log.info("MongoDB is away: {}", migrated.error().message);
    std::this_thread::sleep_for(Millis(500));
  }
}

}  // namespace sluice
