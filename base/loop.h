// Loop: the executor that runs on libuv, and the owner of the thread's uv_loop_t.
#pragma once

#include <uv.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/executor.h"

namespace sluice {

class Loop final : public Executor {
 public:
  Loop();  // belongs to the thread that makes it
  ~Loop()
      override;  // everything opened on it must have been closed: it runs the loop until they are
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();   // until stop()
  void stop();  // from any thread; run() returns at the end of the turn

  void post(Task task) override;
  void at_turn_end(Task task) override;

  // To be called by whoever gets many events in one turn of libuv (a server, its requests), at the
  // end of handling one and with nothing of it left on the stack: ends the turn after some events,
  // or when another thread has posted something, so that workers and the disk are at work while the
  // other events are still to be handled.
  void event_handled();

  uv_loop_t* uv() { return &loop_; }

 private:
  void drain();

  uv_loop_t loop_;
  uv_async_t wake_;
  uv_prepare_t before_sleep_;
  std::thread::id thread_;
  bool stopping_ = false;
  int events_this_turn_ = 0;

  std::vector<Task> posted_here_;  // by the loop's own thread: no lock, no system call
  std::vector<Task> turn_end_;

  std::mutex mutex_;
  std::vector<Task> posted_elsewhere_;      // guarded by mutex_
  std::atomic<bool> any_elsewhere_{false};  // that it is not empty, to be seen without the lock
};

// A timer of a Loop. Stops and closes itself when destroyed.
class Timer {
 public:
  explicit Timer(Loop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void once(std::chrono::milliseconds after, Task task);
  void every(std::chrono::milliseconds period, Task task);
  void stop();
  bool active() const;

 private:
  struct State;
  State* state_;  // freed by libuv's close callback
};

}  // namespace sluice
