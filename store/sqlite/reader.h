// The reading thread: answers questions from the file, one after the other, beside the commits.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/executor.h"
#include "store/sqlite/queries.h"

namespace sluice::sqlite {

class Reader {
 public:
  // Asks on the reader's thread; what it returns is posted to the executor.
  using Question = std::function<Task(Queries&)>;

  Reader(Queries queries, Executor& executor);
  ~Reader();  // questions not yet asked are dropped
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void ask(Question question);

 private:
  void run();

  Queries queries_;  // the thread's own
  Executor& executor_;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Question> waiting_;  // guarded by mutex_
  bool stopping_ = false;         // guarded by mutex_
  std::thread thread_;
};

}  // namespace sluice::sqlite
