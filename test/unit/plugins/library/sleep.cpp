// sleep: {"ms":N} takes so long, and answers the payload. `sleep` keeps the thread it is called on,
// whoever gives up meanwhile; `later` answers from a thread of its own. Built a second time as
// sleep_nonblocking, which has `later` only.
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "sluice/plugin.hpp"

namespace {

using sluice::plugin::Action;
using sluice::plugin::Failure;
using sluice::plugin::Pending;
using sluice::plugin::Reply;
using Time = std::chrono::steady_clock::time_point;

std::chrono::milliseconds wish(std::string_view payload) {
  const std::string text(payload);
  const size_t at = text.find("\"ms\":");
  if (at == std::string::npos) throw Failure("'ms' is missing: how long to sleep");
  return std::chrono::milliseconds(std::strtol(text.c_str() + at + 5, nullptr, 10));
}

class Sleeper {
 public:
  Sleeper(const sluice_host&, std::string_view) : thread_([this] { wake_them(); }) {}

  ~Sleeper() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  std::string sleep(std::string_view payload, const Pending&) {
    std::this_thread::sleep_for(wish(payload));
    return std::string(payload);
  }

  void later(std::string_view payload, Reply& reply) {
    const Time due = std::chrono::steady_clock::now() + wish(payload);
    {
      const std::lock_guard lock(mutex_);
      sleepers_.push_back({due, std::string(payload), std::move(reply)});
    }
    changed_.notify_one();
  }

#ifdef NONBLOCKING
  static constexpr Action<Sleeper> kActions[] = {{"later", &Sleeper::later}};
#else
  static constexpr Action<Sleeper> kActions[] = {{"sleep", &Sleeper::sleep},
                                                 {"later", &Sleeper::later}};
#endif

 private:
  struct One {
    Time due;
    std::string payload;
    Reply reply;
  };

  void wake_them() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
      const Time now = std::chrono::steady_clock::now();
      Time next = now + std::chrono::hours(1);
      std::list<One> due;
      for (auto at = sleepers_.begin(); at != sleepers_.end();) {
        const auto one = at++;
        if (one->due <= now) {
          due.splice(due.end(), sleepers_, one);
        } else {
          next = std::min(next, one->due);
        }
      }
      lock.unlock();
      for (One& one : due) one.reply.succeed(one.payload);
      due.clear();
      lock.lock();
      // A call that came meanwhile is found by looking again.
      if (!ending_ && !any_before(next)) changed_.wait_until(lock, next);
    }
  }

  bool any_before(Time time) const {
    for (const One& one : sleepers_)
      if (one.due < time) return true;
    return false;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<One> sleepers_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace

#ifdef NONBLOCKING
SLUICE_PLUGIN(Sleeper, "sleep", "0.1.0", SLUICE_PLUGIN_NONBLOCKING)
#else
SLUICE_PLUGIN(Sleeper, "sleep", "0.1.0", 0)
#endif
