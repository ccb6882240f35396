#include "test/support/turn_executor.h"

namespace sluice::test {

void TurnExecutor::post(Task task) {
  std::lock_guard lock(mutex_);
  posted_.push_back(std::move(task));
  arrived_.notify_one();
}

void TurnExecutor::at_turn_end(Task task) {
  turn_end_.push_back(std::move(task));
}

void TurnExecutor::turn() {
  for (;;) {
    std::vector<Task> batch;
    {
      std::lock_guard lock(mutex_);
      batch.swap(posted_);
    }
    if (batch.empty()) batch.swap(turn_end_);
    if (batch.empty()) return;
    for (Task& task : batch) task();
  }
}

bool TurnExecutor::turn_until(const std::function<bool()>& condition, std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    turn();
    if (condition()) return true;
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_until(lock, deadline, [this] { return !posted_.empty(); })) return false;
  }
}

}  // namespace sluice::test
