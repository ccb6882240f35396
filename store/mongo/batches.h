// What one round of the writer does with many records of one kind: one or two commands, whatever
// their number.
//
// Each batch can be carried out again after kUnavailable, when it is not known what of it was
// written: an insert knows its own document by a nonce, a claim and a finish by their token. So
// nothing is recorded twice, and nothing ends twice.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "store/mongo/documents.h"
#include "store/mongo/server_time.h"
#include "store/mongo/session.h"
#include "store/store.h"

namespace sluice::mongo {

// What every batch works with.
struct Rules {
  const ServerTime& time;
  StoreOptions options;  // `lease` is the fleet's
};

// The records that this process has claimed, as they were read then, until they are finished: so a
// finish needs no read.
class Held {
 public:
  void put(const Uuid& token, const Invocation& record);
  const Invocation* find(const Uuid& id, const Uuid& token) const;
  void drop(const Uuid& id) { records_.erase(id); }

 private:
  struct Entry {
    Uuid token;
    Invocation record;
  };
  std::unordered_map<Uuid, Entry> records_;
};

class InsertBatch {
 public:
  InsertBatch(std::vector<SubmissionPtr> items, Rules rules, int64_t nonce);
  Status write(Session& session);
  std::vector<Inserted> results;  // in the order of the items

 private:
  Status resolve(Session& session, std::vector<size_t> duplicates, bool last);
  std::vector<SubmissionPtr> items_;
  Rules rules_;
  int64_t nonce_;
};

struct ClaimRequest {
  std::vector<Uuid> ids;
  Claim claim;
};

class ClaimBatch {
 public:
  ClaimBatch(std::vector<ClaimRequest> requests, Rules rules, Held& held);
  Status write(Session& session);
  std::vector<std::vector<Result<Delivery>>> results;  // for each request, in the order of its ids

 private:
  Status end_cancelled(Session& session, std::vector<Invocation> lost);
  std::vector<ClaimRequest> requests_;
  Rules rules_;
  Held& held_;
};

struct RenewRequest {
  std::vector<Uuid> ids;
  Uuid token;
};

class RenewBatch {
 public:
  RenewBatch(std::vector<RenewRequest> requests, Rules rules, Held& held);
  Status write(Session& session);
  std::vector<std::vector<Renewed>> results;

 private:
  std::vector<RenewRequest> requests_;
  Rules rules_;
  Held& held_;
};

class FinishBatch {
 public:
  FinishBatch(std::vector<Finish> items, Rules rules, Held& held);
  Status write(Session& session);
  std::vector<Status> results;

 private:
  enum class Step { kUnread, kReady, kSettled };
  struct Item {
    Finish finish;
    Step step = Step::kUnread;
    std::shared_ptr<Invocation> record;  // shared by the items of one id
    bool with_report = false;
  };

  Status read_unread(Session& session);
  void apply(size_t index);
  Status send(Session& session);
  Status look_again(Session& session, const std::vector<size_t>& sent);
  void settle(size_t index, Status status);

  std::vector<Item> items_;
  Rules rules_;
  Held& held_;
};

class CancelBatch {
 public:
  CancelBatch(std::vector<Uuid> ids, Rules rules);
  Status write(Session& session);
  std::vector<Status> results;

 private:
  std::vector<Uuid> ids_;
  Rules rules_;
};

// ── what they share ──

// Reads the records of `ids`; those that are not there are missing. With their bodies, of the named
// parts.
Result<std::unordered_map<Uuid, StoredInvocation>> read_records(Session& session,
                                                                const std::vector<Uuid>& ids,
                                                                std::span<const Part> parts);
Status write_bodies(Session& session, const std::vector<Body>& bodies,
                    std::optional<WallTime> expires_at);

Error no_invocation(const char* operation, const Uuid& id);

}  // namespace sluice::mongo
