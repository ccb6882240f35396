// os.clock, as coarse as jobs need it.
//
// Lua's own is the processor time of the process: it would tell what other invocations have used,
// and a clock of microseconds is what attacks by timing begin with. So it is the
// time since the invocation began, what it waited for plugins included.
#include <chrono>
#include <lua.hpp>

#include "sandbox/vm/context.h"
#include "sandbox/vm/functions.h"

namespace sluice::sandbox {

int os_clock(lua_State* L) {
  const auto spent = monotonic_now() - Context::of(L).began;
  const auto whole = std::chrono::floor<std::chrono::milliseconds>(spent);
  lua_pushnumber(L, static_cast<lua_Number>(whole.count()) / 1000);
  return 1;
}

}  // namespace sluice::sandbox
