#include "store/sqlite/reader.h"

#include "base/thread_name.h"

namespace sluice::sqlite {

Reader::Reader(Queries queries, Executor& executor)
    : queries_(std::move(queries)), executor_(executor), thread_([this] { run(); }) {}

Reader::~Reader() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
}

void Reader::ask(Question question) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(question));
  }
  arrived_.notify_one();
}

void Reader::run() {
  name_this_thread("store reader");
  for (;;) {
    Question question;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      question = std::move(waiting_.front());
      waiting_.pop_front();
    }
    executor_.post(question(queries_));
  }
}

}  // namespace sluice::sqlite
