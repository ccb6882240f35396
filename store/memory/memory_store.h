// MemoryStore: a store that keeps nothing beyond the process. `Nulldb {}` in a configuration.
//
// Everything is "durable" at once, so urgency means nothing here. Answers are posted.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/executor.h"
#include "store/memory/memory_actions.h"
#include "store/store.h"

namespace sluice {

struct MemoryStoreOptions {
  StoreOptions store;
  size_t max_finished = 10'000;             // beyond it the ones that ended first are forgotten
  size_t max_finished_bytes = 64ull << 20;  // their payloads, results and logs
  size_t max_unfinished = 200'000;          // beyond it: kFull
  size_t max_unfinished_bytes = 256ull << 20;
};

class MemoryStore final : public Store {
 public:
  // `executor` and `clock` outlive the store. Answers still on their way when it is destroyed are
  // dropped.
  MemoryStore(Executor& executor, const Clock& clock, MemoryStoreOptions options = {});
  ~MemoryStore() override;

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
  Millis lease() const override { return options_.store.lease; }

 private:
  struct Entry {
    Invocation record;
    int64_t sequence = 0;  // in the order of insertion
    bool settled = false;  // counted as finished
  };
  using DueKey = std::pair<int64_t, int64_t>;  // due_at in ms, sequence

  Inserted insert_one(const SubmissionPtr& submission);
  Entry* entry(const Uuid& id);
  template <class Change>
  Status change(const Uuid& id, const char* operation, Change&& apply);
  void settle(Entry& entry);  // after it may have ended
  void forget(const Uuid& id);
  void forget_oldest_finished();
  static DueKey due_key(const Entry& entry);
  template <class T>
  void answer(Done<T> done, T value);

  Executor& executor_;
  const Clock& clock_;
  const MemoryStoreOptions options_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);

  std::unordered_map<Uuid, Entry> entries_;
  std::map<int64_t, Uuid> by_sequence_;
  std::map<DueKey, Uuid> unfinished_;
  std::unordered_map<Sha256, Uuid> by_ikey_;
  std::deque<Uuid> finished_;  // in the order of their ends
  size_t finished_count_ = 0;
  size_t finished_bytes_ = 0;
  size_t unfinished_bytes_ = 0;
  int64_t last_sequence_ = 0;
  MemoryActions actions_;
};

}  // namespace sluice
