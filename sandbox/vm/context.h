// Context: what C++ code that Lua calls can reach. One for each slot, outside of the arena, so it
// is not restored with it: whatever an invocation leaves here is cleared when the next begins.
#pragma once

#include <lua.hpp>

#include "sandbox/limits.h"
#include "sandbox/vm/arena.h"
#include "sandbox/vm/deadline.h"
#include "sandbox/vm/random.h"
#include "sandbox/vm/text.h"
#include "sandbox/vm/vm.h"

namespace sluice::sandbox {

struct Slot;

struct Context {
  // Every coroutine's extra space begins as a copy of the main one's, so this works on all of them.
  static Context& of(lua_State* L) { return **static_cast<Context**>(lua_getextraspace(L)); }
  void attach(lua_State* L) { *static_cast<Context**>(lua_getextraspace(L)) = this; }

  Slot* slot = nullptr;  // that this is a part of
  Arena arena;
  Deadline deadline;
  Random random;
  BoundedText logs{kMaxLogBytes};
  BoundedText traceback{kMaxTracebackBytes};
  BoundedText message{kMaxMessageBytes};

  std::chrono::nanoseconds began{0};  // the invocation, by the monotonic clock

  bool in_main = false;  // not in the top level, where no plugin may be called

  // Requests for memory that are refused though there is room (slot.cpp): all while the collector
  // is made to run, and those that a test has asked for. `refusing` says that there may be any.
  bool refusing = false;
  bool collecting = false;
  Refusals refusals;
  uint64_t requests = 0;  // counted only where `refusals` asks for some

  // A coroutine that never runs: its stack is always too small, whatever the others' are.
  lua_State* collector = nullptr;

  // Lua's own string.format, behind ours.
  lua_CFunction format = nullptr;

  // The metatable that marks a table as a JSON array: compared by address.
  const void* array_metatable = nullptr;
};

}  // namespace sluice::sandbox
