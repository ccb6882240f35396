// What a SqliteStore is made of; only for sqlite_store*.cpp.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "store/sqlite/action_rows.h"
#include "base/answers.h"
#include "store/sqlite/checkpointer.h"
#include "store/sqlite/committer.h"
#include "store/sqlite/data_folder.h"
#include "store/sqlite/ledger.h"
#include "store/sqlite/loader.h"
#include "store/sqlite/maintenance.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/sqlite_store.h"

namespace sluice {

struct SqliteStore::Parts {
  Parts(SqliteStoreOptions given, Executor& executor, const Clock& the_clock, Log& the_log,
        sqlite::DataFolder locked)
      : options(std::move(given)),
        clock(the_clock),
        log(the_log),
        folder(std::move(locked)),
        answers(executor),
        ledger(sqlite::LedgerBounds{options.linger, options.max_idle, options.max_idle_bytes,
                                    options.max_unwritten, options.max_unwritten_bytes}),
        committer(ledger, answers, clock, log, options.linger),
        expiry(options.store.retention) {}

  // Destroyed from the bottom up: the threads end before what they use.
  const SqliteStoreOptions options;
  const Clock& clock;
  Log& log;
  sqlite::DataFolder folder;
  Answers answers;
  int64_t last_seq = 0;
  sqlite::Ledger ledger;
  std::unique_ptr<sqlite::Checkpointer> checkpointer;
  std::unique_ptr<sqlite::Reader> reader;
  std::unique_ptr<sqlite::Loader> loader;
  sqlite::Committer committer;
  sqlite::Expiry expiry;  // the writer's thread uses it, within its jobs

  // Current actions that were asked for; empty where anything changed.
  std::map<std::pair<std::string, std::string>, Action> actions;
  uint64_t actions_changed = 0;  // how often: an answer on its way may be outdated
};

}  // namespace sluice
