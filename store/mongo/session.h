// Session: one thread's way to the database. It blocks, for a bounded time (connect.h), and says of
// each failure whether the same call may work later.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/mongo/bson.h"
#include "store/mongo/handles.h"

namespace sluice::mongo {

inline constexpr const char* kInvocations = "invocations";
inline constexpr const char* kBodies = "bodies";
inline constexpr const char* kActions = "actions";
inline constexpr const char* kCode = "code";
inline constexpr const char* kMeta = "meta";

inline constexpr size_t kMaxStatements = 1'000;  // of one command
inline constexpr size_t kMaxCommandBytes = 8
                                           << 20;  // a document, so also a command, ends at 16 MiB

// What a write command says.
struct Written {
  int64_t matched = 0;  // of updates and deletes; the number that an insert gives is of no use
  struct Failure {
    size_t index;    // of the statement
    bool duplicate;  // a unique key is taken
    std::string message;
  };
  std::vector<Failure> failures;
};

// One statement of an update command.
struct UpdateStatement {
  Bson query;
  Bson update;
  bool multi = false;
  bool upsert = false;
};

struct FindOptions {
  const Bson* sort = nullptr;
  const Bson* projection = nullptr;
  int64_t limit = 0;  // 0: none
};

// Errors: kUnavailable where the network failed, the server is no primary or not there: it is not
// known then whether a write was carried out. kInternal for everything else.
class Session {
 public:
  Session(mongoc_client_pool_t* pool, std::string database)
      : client_(pool), database_(std::move(database)) {}

  // Each in as many commands as its size needs, unordered.
  Result<Written> insert(const char* collection, const std::vector<Bson>& documents);
  Result<Written> update(const char* collection, const std::vector<UpdateStatement>& statements);
  Result<int64_t> remove(const char* collection, const Bson& query);  // answers how many

  // Calls `see` with each document that is found.
  Status find(const char* collection, const Bson& query, const FindOptions& options,
              const std::function<void(const bson_t*)>& see);
  Status aggregate(const char* collection, const std::vector<Bson>& pipeline,
                   const std::function<void(const bson_t*)>& see);

  // Any command; `read` is called with its answer.
  Status command(const Bson& command, const std::function<void(const bson_t*)>& read);

 private:
  Result<Written> write_all(const char* command, const char* collection, const char* what,
                            const std::vector<Bson>& documents);
  Result<Written> write(const Bson& command, size_t first);

  PooledClient client_;
  const std::string database_;
};

}  // namespace sluice::mongo
