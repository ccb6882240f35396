#include "apps/sluice/backends.h"

#include <filesystem>
#include <utility>

#include "queue/redis/redis_queue.h"
#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"

namespace sluice {
namespace {

Result<std::unique_ptr<Store>> open_sqlite(const Settings& settings, BackendParts parts) {
  SqliteStoreOptions options;
  const std::filesystem::path file = settings.sqlite_path();
  options.data_dir = file.has_parent_path() ? file.parent_path().string() : ".";
  options.file_name = file.filename().string();
  options.store.retention = settings.runner.retention;
  options.durability = settings.sqlite.durability == Settings::Durability::kFull
                           ? SqliteStoreOptions::Durability::kFull
                           : SqliteStoreOptions::Durability::kNormal;
  auto store = SqliteStore::open(std::move(options), parts.executor, parts.clock, parts.log);
  if (!store.ok()) return store.error();
  return std::unique_ptr<Store>(*std::move(store));
}

std::unique_ptr<Store> open_memory(const Settings& settings, BackendParts parts) {
  MemoryStoreOptions options;
  options.store.retention = settings.runner.retention;
  return std::make_unique<MemoryStore>(parts.executor, parts.clock, options);
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const Settings& settings, BackendParts parts) {
  switch (settings.store) {
    case Settings::Store::kSqlite:
      return open_sqlite(settings, parts);
    case Settings::Store::kMemory:
      return open_memory(settings, parts);
    case Settings::Store::kMongodb:
      return open_mongo(settings, parts);
  }
  return Error{Code::kInternal, "store", "unknown store"};
}

MongoStoreOptions mongo_options(const Settings& settings) {
  MongoStoreOptions options;
  options.uri = settings.mongodb_uri();
  options.store.retention = settings.runner.retention;
  options.store.lease = settings.mongodb.lease;
  return options;
}

Result<std::unique_ptr<Store>> open_mongo(const Settings& settings, BackendParts parts) {
  auto store = MongoStore::open(mongo_options(settings), parts.executor, parts.clock, parts.log,
                                parts.metrics);
  if (!store.ok()) return store.error();
  return std::unique_ptr<Store>(*std::move(store));
}

Result<std::unique_ptr<Queue>> open_redis(const Settings& settings, BackendParts parts) {
  RedisQueueOptions options;
  options.url = settings.redis.url;
  options.prefix = settings.redis.prefix;
  options.capacity = static_cast<size_t>(settings.runner.queue_capacity);
  options.await_rules = true;
  auto queue = RedisQueue::open(std::move(options), parts.executor, parts.log, parts.metrics);
  if (!queue.ok()) return queue.error();
  return std::unique_ptr<Queue>(*std::move(queue));
}

}  // namespace sluice
