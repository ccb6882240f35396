// Submitter: brings invocations to the store and the queue, all of one turn together.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "api/lifetime.h"
#include "api/once.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/metrics.h"
#include "queue/queue.h"
#include "store/store.h"

namespace sluice::api {

class Submitter {
 public:
  using Then = Once<void(const Inserted&)>;

  // All of them outlive the submitter. `dispatch_early`: see ApiOptions::dispatch_before_durable.
  Submitter(Executor& executor, Store& store, Queue& queue, Log& log, Metrics& metrics,
            bool dispatch_early);

  // `then` comes when the record is durable, or refused: kFull, kUnavailable. With an idempotency
  // key the job is queued only once the store has said that it is the first.
  void submit(SubmissionPtr submission, Urgency urgency, Then then);

  size_t pending() const { return pending_; }  // handed in, not answered by the store yet

 private:
  struct Batch {
    std::vector<SubmissionPtr> items;
    std::vector<Then> thens;
  };

  void flush();
  void hand_over(Batch batch, Urgency urgency, std::vector<Entry>& entries);
  void on_inserted(Batch& batch, const std::vector<Inserted>& results);
  bool goes_early(const Submission& submission) const;
  void count(const std::string& action);

  Executor& executor_;
  Store& store_;
  Queue& queue_;
  Log& log_;
  Metrics& metrics_;
  const bool dispatch_early_;

  bool flushing_ = false;  // a flush is to come at the end of this turn
  Batch now_;
  Batch lingering_;
  size_t pending_ = 0;
  std::unordered_map<std::string, Counter*> accepted_;  // by action
  Counter& not_recorded_;
  Lifetime alive_;
};

}  // namespace sluice::api
