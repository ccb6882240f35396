#include "apps/sluice/migrate.h"

#include <cstdio>

#include "apps/sluice/backends.h"
#include "store/mongo/migrate.h"

namespace sluice {

Status migrate(const Settings& settings) {
  Log log(settings.log);
  const auto done = migrate_mongo(mongo_options(settings), log);
  if (!done.ok()) return done.error();
  for (const std::string& line : *done) std::printf("%s\n", line.c_str());
  return {};
}

}  // namespace sluice
