// Answers: how a part with threads of its own calls back: later, on the executor's thread, and not
// at all once the part is gone.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/executor.h"

namespace sluice {

// Made and ended on the executor's thread; posts from any.
class Answers {
 public:
  explicit Answers(Executor& executor) : executor_(executor) {}

  template <class T>
  void post(std::function<void(T)> done, T value) const {
    if (!done) return;
    executor_.post(guard(
        [done = std::move(done), value = std::move(value)]() mutable { done(std::move(value)); }));
  }

  // Several at once: what follows from them falls into one turn, and so into one batch.
  template <class T>
  using Pairs = std::vector<std::pair<std::function<void(T)>, T>>;
  template <class T>
  void post_all(Pairs<T> answers) const {
    if (answers.empty()) return;
    executor_.post([alive = token_, answers = std::move(answers)]() mutable {
      for (auto& [done, value] : answers) {
        if (alive.expired()) return;
        if (done) done(std::move(value));
      }
    });
  }

  void post(Task task) const { executor_.post(guard(std::move(task))); }
  // On the executor's thread.
  void at_turn_end(Task task) const { executor_.at_turn_end(guard(std::move(task))); }

  // `task`, or nothing when the part is gone by then.
  template <class F>
  Task guard(F task) const {
    return [alive = token_, task = std::move(task)]() mutable {
      if (!alive.expired()) task();
    };
  }

  Executor& executor() const { return executor_; }

  void end() { alive_.reset(); }

 private:
  Executor& executor_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  const std::weak_ptr<int> token_ = alive_;
};

}  // namespace sluice
