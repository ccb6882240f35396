// coroutine.resume and coroutine.wrap, as Lua 5.3's own but for one thing: they record which
// coroutine runs, since Lua itself cannot tell, and a hook on any other than the running one is not
// seen.
#include <lua.hpp>

#include "sandbox/vm/context.h"
#include "sandbox/vm/functions.h"

namespace sluice::sandbox {
namespace {

// The number of results on top of L's stack, or -1 with an error value there.
int resume(lua_State* L, lua_State* coroutine, int arguments) {
  if (!lua_checkstack(coroutine, arguments)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  if (lua_status(coroutine) == LUA_OK && lua_gettop(coroutine) == 0) {
    lua_pushliteral(L, "cannot resume dead coroutine");
    return -1;
  }
  lua_xmove(L, coroutine, arguments);

  Deadline& deadline = Context::of(L).deadline;
  const Deadline::Running running{coroutine, deadline.running()};
  deadline.enter(&running);
  const int status = lua_resume(coroutine, L, arguments);  // never raises
  deadline.leave(running.resumer);

  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(coroutine, L, 1);
    return -1;
  }
  const int results = lua_gettop(coroutine);
  if (!lua_checkstack(L, results + 1)) {
    lua_pop(coroutine, results);
    lua_pushliteral(L, "too many results to resume");
    return -1;
  }
  lua_xmove(coroutine, L, results);
  return results;
}

int call_wrapped(lua_State* L) {
  lua_State* coroutine = lua_tothread(L, lua_upvalueindex(1));
  const int results = resume(L, coroutine, lua_gettop(L));
  if (results >= 0) return results;
  if (lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

}  // namespace

int coroutine_resume(lua_State* L) {
  lua_State* coroutine = lua_tothread(L, 1);
  luaL_argcheck(L, coroutine != nullptr, 1, "coroutine expected");
  const int results = resume(L, coroutine, lua_gettop(L) - 1);
  lua_pushboolean(L, results >= 0);
  const int returned = results >= 0 ? results : 1;
  lua_insert(L, -(returned + 1));
  return returned + 1;
}

int coroutine_wrap(lua_State* L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State* coroutine = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, coroutine, 1);
  lua_pushcclosure(L, call_wrapped, 1);
  return 1;
}

}  // namespace sluice::sandbox
