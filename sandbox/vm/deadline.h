// Deadline: ends Lua code that runs too long, however it is written, and lets others have a turn.
//
// Lua looks at hooks, so a hook costs nothing until it is set: tick(), called from a signal
// handler, sets it when the deadline has passed or the turn is over, on the coroutine that runs.
// At the deadline the hook leaves by a jump to where the call began. So neither pcall nor a message
// handler ever sees it, and the Lua state is unusable afterwards: it is restored. At the end of a
// turn it switches to another stack, and goes on later as if nothing had been.
#pragma once

#include <setjmp.h>

#include <atomic>
#include <chrono>
#include <cstdint>

struct lua_State;
struct lua_Debug;

namespace sluice::sandbox {

class Deadline {
 public:
  static constexpr int kJumped = -1;  // instead of a Lua status

  // The invocation begins and ends. In between, and past `timeout`, tick() is true.
  void begin(std::chrono::nanoseconds now, std::chrono::milliseconds timeout);
  void end();

  // A turn of it begins: after kSlice, the hook ends it (Slot::end_turn).
  static constexpr std::chrono::milliseconds kSlice{10};
  void begin_turn(std::chrono::nanoseconds now);

  // lua_pcall, or kJumped when the time is over. What is on C++ frames between must need no
  // destruction.
  int call(lua_State* L, int arguments, int results, int handler);

  // Async-signal-safe. For the one whose turn it is.
  bool tick();

  // From inside of call(): jumps to its end.
  [[noreturn]] void leave();

  // Whether some tick found the invocation past its deadline.
  bool passed() const { return passed_.load(std::memory_order_relaxed); }
  // The same, as who writes long values asks now and then (JsonWriter).
  static bool has_passed(void* deadline) { return static_cast<Deadline*>(deadline)->passed(); }

  // Coroutines that resumed one another, innermost first: hooks and tracebacks must know which one
  // runs.
  struct Running {
    lua_State* state;
    const Running* resumer;
  };
  const Running* running() const { return running_.load(std::memory_order_relaxed); }
  void enter(const Running* running);
  void leave(const Running* resumer) { enter(resumer); }

 private:
  static void hook(lua_State* L, lua_Debug* activation);

  std::atomic<const Running*> running_{nullptr};  // null: no Lua code runs
  std::atomic<bool> active_{false};
  std::atomic<bool> passed_{false};
  std::atomic<int64_t> at_ns_{0};  // CLOCK_MONOTONIC
  std::atomic<int64_t> turn_ends_ns_{0};
  std::atomic<bool> turn_over_{false};
  jmp_buf exit_;
};

static_assert(std::atomic<int64_t>::is_always_lock_free);
static_assert(std::atomic<const Deadline::Running*>::is_always_lock_free);

std::chrono::nanoseconds monotonic_now();

}  // namespace sluice::sandbox
