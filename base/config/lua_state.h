// A Lua state for config.lua, and the calls that it made.
#pragma once

#include <lua.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::config {

// What the state may use. Reading its tables afterwards is not counted.
struct LuaBudget {
  size_t used_bytes = 0;
  size_t max_bytes = 2 << 20;
  bool counted = true;
};

struct CloseLua {
  void operator()(lua_State* L) const { lua_close(L); }
};
using LuaState = std::unique_ptr<lua_State, CloseLua>;

// A state whose only globals are the blocks. `budget` outlives it.
LuaState make_config_state(LuaBudget& budget);

// Runs the text and leaves a sequence of records {name, label or nil, line, table or nil} on the
// stack. An error names `path` and the line.
Status run_config(lua_State* L, std::string_view text, const std::string& path);

// "config.lua:3: message", the form of all errors about a line.
Error config_error(const std::string& path, int line, const std::string& message);

}  // namespace sluice::config
