// TurnExecutor: an executor that runs when the test says so, on the test's thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "base/executor.h"

namespace sluice::test {

class TurnExecutor final : public Executor {
 public:
  void post(Task task) override;
  void at_turn_end(Task task) override;

  // Runs everything posted, and what that posts, until nothing is left. Does not wait for other
  // threads.
  void turn();

  // Turns until `condition` holds, sleeping while there is nothing to run. False after `limit`,
  // which only a hang reaches.
  bool turn_until(const std::function<bool()>& condition,
                  std::chrono::seconds limit = std::chrono::seconds(60));

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Task> posted_;  // guarded by mutex_
  std::vector<Task> turn_end_;
};

}  // namespace sluice::test
