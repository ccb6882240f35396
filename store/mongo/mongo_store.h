// MongoStore: the store that the processes of a fleet share, in one MongoDB.
//
//   the executor's thread      threads of its own, each with a client
//   insert, claim, finish … ─→ Writer: in the order of the calls, each command for all that waits
//   (batches.h) find, due, list … ───────→ Reader
//                              Link: whether the database is there; its clock, its indexes
//
// Every write is acknowledged by a majority and its journal, and concerns single documents: a
// standalone server is enough. What each document holds stands in documents.h; what keeps a
// repeated write from being a second one, in batches.h.
//
// While the database is away, inserts and questions are answered kUnavailable, in less than two
// seconds; claims are tried for half a lease; ends of deliveries until they are written.
#pragma once

#include <memory>
#include <string>

#include "base/executor.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/store.h"

namespace sluice {

struct MongoStoreOptions {
  std::string uri =
      "mongodb://localhost:27017";  // its path names the database; without one: sluice
  StoreOptions store;               // the lease is that of the fleet, if there is one already
  size_t max_inserting = 100'000;   // invocations on their way; more are refused as kFull

  // Decides by this clock instead of the server's: for tests.
  const Clock* clock_instead_of_the_servers = nullptr;
};

class MongoStore final : public Store {
 public:
  // Waits until the database was reached, or could not be: then the store is not ready, and
  // recovers by itself. kInvalid: the URI is wrong.
  static Result<std::unique_ptr<MongoStore>> open(MongoStoreOptions options, Executor& executor,
                                                  const Clock& clock, Log& log, Metrics& metrics);
  ~MongoStore() override;

  void insert(std::vector<SubmissionPtr> items, Urgency urgency,
              Done<std::vector<Inserted>> done) override;
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

 private:
  struct Parts;
  explicit MongoStore(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice
