#include "sandbox/vm/deadline.h"

#include <time.h>

#include <algorithm>
#include <lua.hpp>

#include "sandbox/vm/slot.h"
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

void Deadline::begin_turn(std::chrono::nanoseconds now) {
  turn_ends_ns_.store((now + kSlice).count(), std::memory_order_relaxed);
  turn_over_.store(false, std::memory_order_relaxed);
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
  const int64_t now_ns = monotonic_now().count();
  const bool passed = now_ns >= at_ns_.load(std::memory_order_relaxed);
  if (passed) {
    passed_.store(true, std::memory_order_relaxed);
  } else if (now_ns >= turn_ends_ns_.load(std::memory_order_relaxed)) {
    turn_over_.store(true, std::memory_order_relaxed);
  } else {
    return false;
  }
  // Set anew at each tick: meanwhile another coroutine may run than the one that got it.
  if (const Running* running = this->running())
    lua_sethook(running->state, &Deadline::hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
  return passed;
}

void Deadline::hook(lua_State* L, lua_Debug*) {
  Slot& slot = *Context::of(L).slot;
  Deadline& deadline = slot.context.deadline;
  if (deadline.passed()) {
    write_traceback(slot.context.traceback, deadline.running());
    deadline.leave();
  }
  // Should a tick set it anew just now, the next one does so again.
  lua_sethook(L, nullptr, 0, 0);
  if (!deadline.turn_over_.exchange(false, std::memory_order_relaxed)) return;
  slot.end_turn(Turn::kSliced);
}

void Deadline::leave() {
  _longjmp(exit_, 1);
}

}  // namespace sluice::sandbox
