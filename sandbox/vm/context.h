// Context: what C++ code that Lua calls can reach. One for each Vm, outside of the arena, so it is
// not restored with it: whatever an invocation leaves here is cleared when the next begins.
#pragma once

#include <lua.hpp>

#include "sandbox/limits.h"
#include "sandbox/vm/arena.h"
#include "sandbox/vm/deadline.h"
#include "sandbox/vm/random.h"
#include "sandbox/vm/text.h"

namespace sluice::sandbox {

struct Context {
  // Every coroutine's extra space begins as a copy of the main one's, so this works on all of them.
  static Context& of(lua_State* L) { return **static_cast<Context**>(lua_getextraspace(L)); }
  void attach(lua_State* L) { *static_cast<Context**>(lua_getextraspace(L)) = this; }

  Arena arena;
  Deadline deadline;
  Random random;
  BoundedText logs{kMaxLogBytes};
  BoundedText traceback{kMaxTracebackBytes};
  BoundedText message{kMaxMessageBytes};

  bool collecting = false;  // growth is refused meanwhile (vm.cpp)

  // The metatable that marks a table as a JSON array: compared by address.
  const void* array_metatable = nullptr;
};

}  // namespace sluice::sandbox
