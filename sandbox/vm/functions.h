// The Lua functions that are ours, as libraries.cpp names them.
#pragma once

struct lua_State;

namespace sluice::sandbox {

int base_print(lua_State* L);
int base_tostring(lua_State* L);
int base_setmetatable(lua_State* L);
int base_array(lua_State* L);

int coroutine_resume(lua_State* L);
int coroutine_wrap(lua_State* L);

int string_format(lua_State* L);
int os_clock(lua_State* L);

int plugin_call(lua_State* L);

int math_random(lua_State* L);
int math_randomseed(lua_State* L);

// Sets the metatables behind `null` and array(t); once, when the state is made.
void make_markers(lua_State* L);

}  // namespace sluice::sandbox
