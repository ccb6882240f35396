#include <lua.hpp>

#include "sandbox/vm/context.h"
#include "sandbox/vm/functions.h"
#include "sandbox/vm/show.h"

namespace sluice::sandbox {
namespace {

int null_tostring(lua_State* L) {
  lua_pushliteral(L, "null");
  return 1;
}

}  // namespace

int base_print(lua_State* L) {
  BoundedText& logs = Context::of(L).logs;
  const int count = lua_gettop(L);
  for (int index = 1; index <= count; ++index) {
    size_t length = 0;
    const char* text = push_text(L, index, &length);
    if (index > 1) logs.append("\t");
    logs.append({text, length});
    lua_pop(L, 1);
  }
  logs.append("\n");
  return 0;
}

// A finalizer would run at the collector's whim, hooks switched off: no deadline could hold it.
int base_setmetatable(lua_State* L) {
  const int type = lua_type(L, 2);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argcheck(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table expected");
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
    return luaL_error(L, "cannot change a protected metatable");
  lua_settop(L, 2);
  if (type == LUA_TTABLE) {
    lua_pushliteral(L, "__gc");
    if (lua_rawget(L, 2) != LUA_TNIL) return luaL_error(L, "finalizers (__gc) are not supported");
    lua_pop(L, 1);
  }
  lua_setmetatable(L, 1);
  return 1;
}

// array([t]): marks the table, or a new one, as a JSON array, and returns it.
int base_array(lua_State* L) {
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    lua_newtable(L);
    lua_replace(L, 1);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  const void* wanted = Context::of(L).array_metatable;
  if (lua_getmetatable(L, 1)) {
    if (lua_topointer(L, -1) != wanted)
      return luaL_argerror(L, 1, "a table with a metatable cannot be marked as an array");
    lua_settop(L, 1);
    return 1;
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &Context::of(L).array_metatable);
  lua_setmetatable(L, 1);
  return 1;
}

void make_markers(lua_State* L) {
  Context& context = Context::of(L);

  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "array");
  lua_setfield(L, -2, "__metatable");
  context.array_metatable = lua_topointer(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &context.array_metatable);

  // All light userdata share a metatable, and null is the only one there is.
  lua_pushlightuserdata(L, nullptr);
  lua_createtable(L, 0, 3);
  lua_pushcfunction(L, null_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, "null");
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, "null");
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

}  // namespace sluice::sandbox
