// LocalQueue: the queue within one process.
//
// What a runner takes is chosen when it is answered, at the executor's next task, so that all that
// was pushed until then takes part. Callbacks that are still to come when the queue is destroyed do
// not come.
#pragma once

#include <cstddef>
#include <memory>

#include "base/executor.h"
#include "queue/queue.h"

namespace sluice {

struct LocalQueueOptions {
  size_t capacity = 100'000;  // waiting entries; some 200 bytes each when used
  bool await_rules = false;   // nothing is handed out before rules_complete()
};

class LocalQueue final : public Queue {
 public:
  explicit LocalQueue(Executor& executor, LocalQueueOptions options = {});
  ~LocalQueue() override;

  void push(std::vector<Entry> entries, std::function<void(std::vector<Status>)> done) override;
  void pop(std::string runner, size_t max,
           std::function<void(Result<std::vector<Uuid>>)> done) override;
  void pop_others(std::string runner, size_t max, std::vector<ActionName> passed_over,
                  std::function<void(Result<std::vector<Uuid>>)> done) override;
  void stop_pop(std::string runner) override;
  void acknowledge(std::string runner, std::vector<Uuid> ids) override;
  void give_back(std::string runner, std::vector<Uuid> ids) override;
  void announce(std::vector<Announcement> news) override;
  void subscribe(std::function<void(std::span<const Announcement>)> listener) override;
  void depth(std::function<void(Result<Depth>)> done) override;
  void restrain(std::string ns, std::string action, LaneRule rule,
                std::function<void(Status)> done) override;
  void rules(std::function<void(Result<Rules>)> done) override;
  void rules_complete(std::function<void(Status)> done) override;
  void hold(std::string runner, std::vector<Entry> entries) override;
  void heartbeat(RunnerInfo info) override;
  void runners(std::function<void(Result<std::vector<RunnerInfo>>)> done) override;
  void rescue(std::function<void(Result<size_t>)> done) override;
  void leave(std::string runner, std::function<void()> done) override;
  void lead(std::string task, std::string who, Millis lease,
            std::function<void(bool)> done) override;
  Status ready() const override { return {}; }

 private:
  struct State;
  std::shared_ptr<State> state_;  // posted tasks hold it weakly: they may outlive the queue
};

}  // namespace sluice
