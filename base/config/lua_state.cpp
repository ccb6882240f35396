#include "base/config/lua_state.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/config/nearest.h"
#include "base/config/schema.h"

// The functions that Lua calls here may leave by longjmp: nothing in them has a destructor.

namespace sluice::config {
namespace {

constexpr int kMaxInstructions = 100'000;
constexpr char kChunkName[] = "=config";  // messages begin "config:LINE: ", whatever the path is
const char kCallsKey = 0;                 // its address is the registry key of the records

enum Field { kName = 1, kLabel, kLine, kTable };

void* allocate(void* context, void* block, size_t old_size, size_t new_size) {
  auto* budget = static_cast<LuaBudget*>(context);
  const size_t released = block ? old_size : 0;  // without a block, old_size is a type tag
  if (new_size == 0) {
    budget->used_bytes -= released;
    std::free(block);
    return nullptr;
  }
  const size_t used = budget->used_bytes - released + new_size;
  if (budget->counted && new_size > released && used > budget->max_bytes) return nullptr;
  void* moved = std::realloc(block, new_size);
  if (moved) budget->used_bytes = used;
  return moved;
}

void stop_endless(lua_State* L, lua_Debug* where) {
  lua_getinfo(L, "l", where);
  lua_pushfstring(L, "config:%d: runs for too long: is this an endless loop?", where->currentline);
  lua_error(L);
}

int current_line(lua_State* L) {
  lua_Debug caller;
  if (!lua_getstack(L, 1, &caller) || !lua_getinfo(L, "l", &caller)) return 0;
  return caller.currentline;
}

// Appends {name, label, line, table} to the records and leaves it on the stack. 0 stands for nil.
void record_call(lua_State* L, int name, int label, int table) {
  lua_createtable(L, 4, 0);
  lua_pushvalue(L, name);
  lua_rawseti(L, -2, kName);
  if (label) {
    lua_pushvalue(L, label);
    lua_rawseti(L, -2, kLabel);
  }
  lua_pushinteger(L, current_line(L));
  lua_rawseti(L, -2, kLine);
  if (table) {
    lua_pushvalue(L, table);
    lua_rawseti(L, -2, kTable);
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kCallsKey);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, static_cast<lua_Integer>(lua_rawlen(L, -2)) + 1);
  lua_pop(L, 1);
}

int on_block(lua_State* L) {
  const char* name = lua_tostring(L, lua_upvalueindex(1));
  if (lua_gettop(L) != 1 || !lua_istable(L, 1))
    return luaL_error(L, "%s takes a table: %s { key = value }", name, name);
  record_call(L, lua_upvalueindex(1), 0, 1);
  return 0;
}

// The second half of Plugin "name" { … }: upvalue 1 is the record of the first.
int on_plugin_options(lua_State* L) {
  lua_rawgeti(L, lua_upvalueindex(1), kLabel);
  const char* label = lua_tostring(L, -1);
  if (!lua_istable(L, 1))
    return luaL_error(L, "Plugin \"%s\" takes a table: Plugin \"%s\" { key = value }", label,
                      label);
  lua_pushvalue(L, 1);
  lua_rawseti(L, lua_upvalueindex(1), kTable);
  return 0;
}

int on_plugin(lua_State* L) {
  if (lua_gettop(L) != 1 || lua_type(L, 1) != LUA_TSTRING)
    return luaL_error(L, "Plugin takes a name and a table: Plugin \"name\" { key = value }");
  record_call(L, lua_upvalueindex(1), 1, 0);
  lua_pushcclosure(L, on_plugin_options, 1);
  return 1;
}

// Views of string literals end with a zero, so that their data can go to Lua.
const char* nearest_block(const char* typed) {
  const std::string_view found = nearest(typed, block_names());
  return found.empty() ? nullptr : found.data();
}

// Reading a global. Upvalue 1 has the blocks: not the globals themselves, so that assigning to a
// block is caught like assigning to anything else.
int on_global(lua_State* L) {
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  const char* name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
  if (const char* meant = nearest_block(name))
    return luaL_error(L, "unknown block '%s'; did you mean '%s'?", name, meant);
  return luaL_error(L,
                    "unknown block '%s'; there are Logger, Nulldb, Sqlite, Mongodb, Redis, Store, "
                    "Api, Runner and Plugin, and no functions",
                    name);
}

int on_new_global(lua_State* L) {
  const char* name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
  if (const char* meant = nearest_block(name))
    return luaL_error(L, "'%s' cannot be assigned: write %s { key = value }", name, meant);
  return luaL_error(L, "'%s' is no setting; a variable of your own is 'local %s = …'", name, name);
}

int make_globals(lua_State* L) {
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kCallsKey);

  lua_newtable(L);  // the globals: stays empty
  lua_createtable(L, 0, 2);
  lua_newtable(L);
  for (const std::string_view block : block_names()) {
    lua_pushstring(L, block.data());
    lua_pushcclosure(L, block == "Plugin" ? on_plugin : on_block, 1);
    lua_setfield(L, -2, block.data());
  }
  lua_pushcclosure(L, on_global, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, on_new_global);
  lua_setfield(L, -2, "__newindex");
  lua_setmetatable(L, -2);
  lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  return 0;
}

// A syntax error quotes what it met. A text may be a key or a password, whose quotes were
// forgotten.
std::string without_secrets(std::string_view message) {
  constexpr std::string_view kNear = " near '";
  constexpr size_t kNoSecret = 16;
  const size_t near = message.find(kNear);
  if (near == std::string_view::npos) return std::string(message);
  const std::string_view met = message.substr(near + kNear.size());
  const bool is_text = met.starts_with('"') || met.starts_with('\'') || met.starts_with('[');
  return std::string(is_text || met.size() > kNoSecret ? message.substr(0, near) : message);
}

// "config:3: message" as Lua makes it.
Error from_lua(const std::string& path, std::string_view message) {
  constexpr std::string_view kPrefix = "config:";
  if (message.starts_with(kPrefix)) {
    int line = 0;
    const char* end = message.data() + message.size();
    const auto read = std::from_chars(message.data() + kPrefix.size(), end, line);
    if (read.ec == std::errc() && end - read.ptr > 2)
      return config_error(path, line, without_secrets({read.ptr + 2, end}));
  }
  return {Code::kInvalid, "", fmt::format("{}: {}", path, message)};
}

}  // namespace

LuaState make_config_state(LuaBudget& budget) {
  LuaState L(lua_newstate(allocate, &budget));
  if (!L) return nullptr;
  lua_pushcfunction(L.get(), make_globals);
  if (lua_pcall(L.get(), 0, 0, 0) != LUA_OK) return nullptr;
  return L;
}

Status run_config(lua_State* L, std::string_view text, const std::string& path) {
  int result = luaL_loadbufferx(L, text.data(), text.size(), kChunkName, "t");
  if (result == LUA_OK) {
    lua_sethook(L, stop_endless, LUA_MASKCOUNT, kMaxInstructions);
    result = lua_pcall(L, 0, 0, 0);
    lua_sethook(L, nullptr, 0, 0);
  }
  if (result == LUA_ERRMEM)
    return Error{Code::kInvalid, "", fmt::format("{}: needs more than 2 MiB of memory", path)};
  if (result != LUA_OK) {
    size_t length = 0;
    const char* message = lua_tolstring(L, -1, &length);
    if (!message) return Error{Code::kInvalid, "", fmt::format("{}: raises an error", path)};
    return from_lua(path, {message, length});
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kCallsKey);
  return {};
}

Error config_error(const std::string& path, int line, const std::string& message) {
  return {Code::kInvalid, "", fmt::format("{}:{}: {}", path, line, message)};
}

}  // namespace sluice::config
