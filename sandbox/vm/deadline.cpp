#include "sandbox/vm/deadline.h"

#include <time.h>

#include <algorithm>
#include <lua.hpp>

#include "sandbox/vm/context.h"
#include "sandbox/vm/traceback.h"

namespace sluice::sandbox {
namespace {

constexpr std::chrono::hours kLongest{24 * 365};  // so that no sum overflows

}  // namespace

std::chrono::nanoseconds monotonic_now() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

void Deadline::begin(std::chrono::nanoseconds now, std::chrono::milliseconds timeout) {
  timeout = std::clamp<std::chrono::milliseconds>(timeout, std::chrono::milliseconds(0), kLongest);
  at_ns_.store((now + timeout).count(), std::memory_order_relaxed);
  passed_.store(false, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_release);
  active_.store(true, std::memory_order_relaxed);
}

void Deadline::end() {
  active_.store(false, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_release);
}

void Deadline::enter(const Running* running) {
  std::atomic_signal_fence(std::memory_order_release);
  running_.store(running, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_release);
}

int Deadline::call(lua_State* L, int arguments, int results, int handler) {
  const Running main{L, nullptr};
  int status;
  if (_setjmp(exit_) == 0) {
    enter(&main);
    status = lua_pcall(L, arguments, results, handler);
  } else {
    status = kJumped;
  }
  enter(nullptr);
  return status;
}

bool Deadline::tick() {
  if (!active_.load(std::memory_order_relaxed)) return false;
  if (monotonic_now().count() < at_ns_.load(std::memory_order_relaxed)) return false;
  passed_.store(true, std::memory_order_relaxed);
  // Set anew at each tick: meanwhile another coroutine may run than the one that got it.
  if (const Running* running = this->running())
    lua_sethook(running->state, &Deadline::hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
  return true;
}

void Deadline::hook(lua_State* L, lua_Debug*) {
  Context& context = Context::of(L);
  Deadline& deadline = context.deadline;
  if (!deadline.passed()) return;
  write_traceback(context.traceback, deadline.running());
  _longjmp(deadline.exit_, 1);
}

}  // namespace sluice::sandbox
