// SqliteStore: everything in one SQLite file, for one process at a time.
//
// The front half lives on the executor's thread: the ledger (ledger.h) knows what is alive, answers
// claims at once and gathers changes. The back half is three threads, each with a connection of its
// own: the writer commits what has gathered, in one transaction with one fsync; the reader answers
// questions; the checkpointer empties the write-ahead log.
//
// A full disk: inserts are answered kUnavailable, what was accepted is kept and tried again. A
// failed fsync ends the process: what the file holds is unknown then, and only a new start finds
// out.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "store/store.h"

namespace sluice {

struct SqliteStoreOptions {
  enum class Durability {
    kFull,    // a commit is on disk when it is answered: survives power loss
    kNormal,  // survives kill -9; the last moments before a power loss may be missing
  };

  std::string data_dir;                 // made when missing, and locked
  std::string file_name = "sluice.db";  // in it
  StoreOptions store;
  Durability durability = Durability::kFull;

  Millis linger{5};  // how long Urgency::kLinger waits for company
  // What is submitted and not yet written; beyond it inserts are kFull.
  size_t max_unwritten = 50'000;
  size_t max_unwritten_bytes = 128ull << 20;
  // What waits and is kept in memory, to spare claims a read.
  size_t max_idle = 50'000;
  size_t max_idle_bytes = 64ull << 20;

  // Called once, on a thread of the store, when an fsync failed. Null: logs and aborts.
  std::function<void(const std::string& why)> on_fatal;

  // For tests.
  std::string vfs;         // the name of a registered sqlite3_vfs
  int max_page_count = 0;  // the file grows no further
};

struct SqliteStoreStats {
  uint64_t commits = 0;
  uint64_t rows_inserted = 0;
  uint64_t rows_updated = 0;
  uint64_t writer_cpu_us = 0;
  uint64_t committing_us = 0;  // by the clock, summed over the commits
};

class SqliteStore final : public Store {
 public:
  // Opens or makes the data folder, migrates it, and queues again what was running when the last
  // process ended. Blocks. kConflict: another process has it. kRefused: it is of a later release.
  // `executor`, `clock` and `log` outlive the store.
  static Result<std::unique_ptr<SqliteStore>> open(SqliteStoreOptions options, Executor& executor,
                                                   const Clock& clock, Log& log);

  // Writes what waits, without calling back. Blocks until it is on disk. Not from inside a
  // callback.
  ~SqliteStore() override;

  void insert(std::vector<SubmissionPtr> items, Urgency urgency,
              Done<std::vector<Inserted>> done) override;
  void hurry(std::vector<Uuid> ids) override;
  void claim(std::vector<Uuid> ids, Claim claim, Done<std::vector<Result<Delivery>>> done) override;
  void renew(std::vector<Uuid> ids, Uuid token, Done<std::vector<Renewed>> done) override;
  void finish(std::vector<Finish> items, Urgency urgency, Done<std::vector<Status>> done) override;
  void when_recorded(Uuid id, Done<Status> done) override;
  void cancel(std::vector<Uuid> ids, Done<std::vector<Status>> done) override;
  void due(DueCursor after, size_t limit, Done<Result<DuePage>> done) override;
  void find(Uuid id, Done<Result<Invocation>> done) override;
  void list(ListQuery query, Done<Result<std::vector<Invocation>>> done) override;
  void count(std::string ns, Done<Result<Counts>> done) override;
  void expire(size_t limit, Done<Result<size_t>> done) override;

  void put_action(PutMode mode, Action action, CodeRecord code, Done<Result<Action>> done) override;
  void find_action(std::string ns, std::string name, Done<Result<Action>> done) override;
  void list_actions(std::string ns, Done<Result<std::vector<Action>>> done) override;
  void capped_actions(Done<Result<std::vector<Action>>> done) override;
  void delete_action(std::string ns, std::string name, Done<Status> done) override;
  void find_code(Sha256 hash, Done<Result<CodePtr>> done) override;
  void put_bytecode(Sha256 hash, std::string bytecode, std::string lua_tag,
                    Done<Status> done) override;

  void flush(Done<Status> done) override;
  Status ready() const override;
  Millis lease() const override;

  SqliteStoreStats stats() const;

 private:
  struct Parts;
  explicit SqliteStore(std::unique_ptr<Parts> parts);

  void answer_from_file(Uuid id, Done<Result<Invocation>> done);
  struct DueSearch;
  void search_due(std::shared_ptr<DueSearch> search);

  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice
