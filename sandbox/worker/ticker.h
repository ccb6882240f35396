// Ticker: calls back every two milliseconds while the worker is busy, from a signal handler. An
// idle worker is never woken, but for the one tick that finds it idle and stops the timer: so a
// worker that is fed batch after batch pays no system call for each.
//
// One for each process: signal handlers are the process's, and the handler finds its ticker by a
// static pointer, the only one in the worker.
#pragma once

#include <time.h>

#include <atomic>
#include <memory>

#include "base/result.h"

namespace sluice::sandbox {

class Ticker {
 public:
  using Callback = void (*)(void* argument);  // async-signal-safe

  Ticker(Callback callback, void* argument) : callback_(callback), argument_(argument) {}
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  Status prepare();  // makes the timer and installs the handler; before the system call filter

  void busy();
  void idle() { busy_.store(false, std::memory_order_relaxed); }

 private:
  static void handle(int signal);
  void set(long period_ns);
  void tick();

  const Callback callback_;
  void* const argument_;
  std::unique_ptr<char[]> handler_stack_;
  timer_t timer_{};
  bool made_ = false;
  // Shared with the handler, which runs on the same thread.
  std::atomic<bool> busy_{false};
  std::atomic<bool> armed_{false};
};

}  // namespace sluice::sandbox
