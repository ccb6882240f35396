// How a SqliteStore begins and ends.
#include <cstdlib>

#include "store/sqlite/log_space.h"
#include "store/sqlite/migrations.h"
#include "store/sqlite/sqlite_store_parts.h"

namespace sluice {

using namespace sqlite;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(SqliteStoreOptions options,
                                                       Executor& executor, const Clock& clock,
                                                       Log& log) {
  auto folder = DataFolder::lock(options.data_dir);
  if (!folder) return folder.error();
  const std::string path = folder->path_of(options.file_name);

  DatabaseOptions writing;
  writing.vfs = options.vfs;
  writing.cache_kb = 2048;
  writing.sync_full = options.durability == SqliteStoreOptions::Durability::kFull;
  writing.max_page_count = options.max_page_count;
  auto database = Database::open(path, writing);
  if (!database) return database.error();
  Status migrated = migrate(*database);
  if (!migrated) return migrated.error();
  const auto recovered = recover(*database, clock.wall(), options.store);
  if (!recovered) return recovered.error();
  if (recovered->requeued > 0)
    log.info("{} invocations were running when the last process ended: queued again",
             recovered->requeued);

  reserve_log_space(*database, path, log);

  DatabaseOptions reading = writing;
  reading.cache_kb = 512;
  reading.query_only = true;
  auto reader = Database::open(path, reading);
  if (!reader) return reader.error();
  auto queries = Queries::prepare(std::move(*reader));
  if (!queries) return queries.error();
  DatabaseOptions checkpointing = writing;
  checkpointing.cache_kb = 64;
  auto checkpointer = Database::open(path, checkpointing);
  if (!checkpointer) return checkpointer.error();

  auto on_fatal = [&log, tell = options.on_fatal](const std::string& why) {
    log.error("The disk failed to sync, what the file holds is unknown: {}", why);
    if (tell) return tell(why);
    std::abort();
  };

  auto parts =
      std::make_unique<Parts>(std::move(options), executor, clock, log, std::move(*folder));
  parts->last_seq = recovered->last_seq;
  parts->checkpointer =
      std::make_unique<Checkpointer>(std::move(*checkpointer), CheckpointOptions{}, log, on_fatal);
  parts->reader = std::make_unique<Reader>(std::move(*queries), executor);
  parts->loader =
      std::make_unique<Loader>(parts->ledger, *parts->reader, parts->answers, parts->clock);
  Status started = parts->committer.start(
      std::move(*database),
      [checkpointer = parts->checkpointer.get()](int pages) {
        checkpointer->log_has_grown_to(pages);
      },
      on_fatal);
  if (!started) return started.error();
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(parts)));
}

SqliteStore::SqliteStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

SqliteStore::~SqliteStore() {
  parts_->answers.end();
  parts_->committer.write_the_rest();
}

SqliteStoreStats SqliteStore::stats() const {
  const WriterStats& from = parts_->committer.stats();
  return {from.commits, from.rows_inserted, from.rows_updated, from.cpu_us, from.committing_us};
}

}  // namespace sluice
