#include "sandbox/vm/show.h"

#include <cstring>
#include <lua.hpp>
#include <string_view>

#include "sandbox/vm/context.h"
#include "sandbox/vm/functions.h"

namespace sluice::sandbox {
namespace {

constexpr char kNumbers = 0;       // its address is the registry's key of the table of numbers
constexpr lua_Integer kCount = 1;  // the key in it of how many there are; objects are no integers

bool would_show_address(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TTABLE:
    case LUA_TFUNCTION:
    case LUA_TTHREAD:
    case LUA_TUSERDATA:
    case LUA_TLIGHTUSERDATA:
      return true;
    default:
      return false;
  }
}

void push_numbers(lua_State* L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &kNumbers) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");  // being shown keeps nothing alive
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kNumbers);
}

lua_Integer number_of(lua_State* L, int index) {
  push_numbers(L);
  lua_pushvalue(L, index);
  lua_rawget(L, -2);
  lua_Integer number = lua_tointeger(L, -1);
  lua_pop(L, 1);
  if (number == 0) {
    lua_rawgeti(L, -1, kCount);
    number = lua_tointeger(L, -1) + 1;
    lua_pop(L, 1);
    lua_pushinteger(L, number);
    lua_rawseti(L, -2, kCount);
    lua_pushvalue(L, index);
    lua_pushinteger(L, number);
    lua_rawset(L, -3);
  }
  lua_pop(L, 1);
  return number;
}

// Whether the format's next conversion is %s; moves `at` behind it. False at the end, too.
bool next_is_text(std::string_view format, size_t* at, bool* more) {
  *more = false;
  while ((*at = format.find('%', *at)) != std::string_view::npos) {
    if (++*at < format.size() && format[*at] == '%') {
      ++*at;
      continue;
    }
    *at = format.find_first_not_of("-+ #0123456789.", *at);
    if (*at == std::string_view::npos) return false;
    *more = true;
    return format[(*at)++] == 's';
  }
  return false;
}

}  // namespace

const char* push_text(lua_State* L, int index, size_t* length) {
  if (!would_show_address(L, index)) return luaL_tolstring(L, index, length);
  if (luaL_getmetafield(L, index, "__tostring") != LUA_TNIL) {
    lua_pop(L, 1);
    return luaL_tolstring(L, index, length);
  }
  index = lua_absindex(L, index);
  luaL_checkstack(L, 8, nullptr);
  const lua_Integer number = number_of(L, index);
  const int named = luaL_getmetafield(L, index, "__name");
  const char* kind = named == LUA_TSTRING ? lua_tostring(L, -1) : luaL_typename(L, index);
  lua_pushfstring(L, "%s: %I", kind, static_cast<LUAI_UACINT>(number));
  if (named != LUA_TNIL) lua_remove(L, -2);
  return lua_tolstring(L, -1, length);
}

int base_tostring(lua_State* L) {
  luaL_checkany(L, 1);
  push_text(L, 1, nullptr);
  return 1;
}

// Gives Lua's own the text where it would make one with an address. Everything else, errors too, is
// its own.
int string_format(lua_State* L) {
  const int count = lua_gettop(L);
  int first = 2;
  while (first <= count && !would_show_address(L, first)) ++first;
  if (first <= count && lua_type(L, 1) == LUA_TSTRING) {
    size_t length = 0;
    const char* bytes = lua_tolstring(L, 1, &length);
    const std::string_view format(bytes, length);
    size_t at = 0;
    bool more = true;
    for (int index = 2; index <= count; ++index) {
      const bool text = next_is_text(format, &at, &more);
      if (!more) break;
      if (!text || !would_show_address(L, index)) continue;
      push_text(L, index, nullptr);
      lua_replace(L, index);
    }
  }
  return Context::of(L).format(L);
}

}  // namespace sluice::sandbox
