#include "plugins/kv/readers.h"

#include <utility>

#include "sluice/plugin.hpp"

namespace sluice::kv {

Readers::Loan Readers::borrow(Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto possible = [&] { return !free_.empty() || made_ < most_; };
  if (!given_back_.wait_until(lock, deadline, possible))
    throw plugin::Failure("the time was up before the store could read");
  std::unique_ptr<Reader> reader;
  if (!free_.empty()) {
    reader = std::move(free_.back());
    free_.pop_back();
  } else {
    free_.reserve(most_);
    ++made_;
    lock.unlock();
    try {
      reader = std::make_unique<Reader>(file_);
    } catch (...) {
      lock.lock();
      --made_;
      given_back_.notify_one();
      throw;
    }
  }
  reader->database.wait_until(deadline);
  return Loan(*this, std::move(reader));
}

void Readers::give_back(std::unique_ptr<Reader> reader) noexcept {
  {
    std::lock_guard lock(mutex_);
    free_.push_back(std::move(reader));
  }
  given_back_.notify_one();
}

}  // namespace sluice::kv
