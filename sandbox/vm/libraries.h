// What Lua code in the sandbox is offered: an allow list (libraries.cpp).
#pragma once

struct lua_State;

namespace sluice::sandbox {

// Gives a new state its globals. May raise Lua errors: call it protected.
void open_libraries(lua_State* L);

}  // namespace sluice::sandbox
