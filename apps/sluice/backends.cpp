#include "apps/sluice/store_choice.h"

#include <filesystem>
#include <utility>

#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"

namespace sluice {
namespace {

Result<std::unique_ptr<Store>> open_sqlite(const Settings& settings, const StoreOptions& common,
                                           Executor& executor, const Clock& clock, Log& log) {
  SqliteStoreOptions options;
  const std::filesystem::path file = settings.sqlite_path();
  options.data_dir = file.has_parent_path() ? file.parent_path().string() : ".";
  options.file_name = file.filename().string();
  options.store = common;
  options.durability = settings.sqlite.durability == Settings::Durability::kFull
                           ? SqliteStoreOptions::Durability::kFull
                           : SqliteStoreOptions::Durability::kNormal;
  auto store = SqliteStore::open(std::move(options), executor, clock, log);
  if (!store.ok()) return store.error();
  return std::unique_ptr<Store>(*std::move(store));
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const Settings& settings, Executor& executor,
                                          const Clock& clock, Log& log) {
  StoreOptions common;
  common.retention = settings.runner.retention;
  switch (settings.store) {
    case Settings::Store::kSqlite:
      return open_sqlite(settings, common, executor, clock, log);
    case Settings::Store::kMemory: {
      MemoryStoreOptions options;
      options.store = common;
      return std::unique_ptr<Store>(std::make_unique<MemoryStore>(executor, clock, options));
    }
    case Settings::Store::kMongodb:
      break;
  }
  return Error{Code::kInvalid, "serve",
               "`sluice serve` keeps its data in this process's own file: use Sqlite { path=… }, "
               "or Nulldb { } to "
               "keep nothing. Mongodb { … } is for a fleet, which this release does not have"};
}

}  // namespace sluice
