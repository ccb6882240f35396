#include "sandbox/vm/libraries.h"

#include <lua.hpp>
#include <string_view>

#include "sandbox/vm/context.h"
#include "sandbox/vm/functions.h"

namespace sluice::sandbox {
namespace {

// Every name Lua code can reach, and why it may. Whatever a library has beyond this list is
// removed, so a newer Lua brings nothing in unseen. `ours` replaces Lua's own function, or adds
// one.
struct Offer {
  std::string_view library;  // "" for globals
  const char* name;
  const char* reason;
  lua_CFunction ours = nullptr;
};

constexpr char kPure[] = "computes on its arguments alone";
constexpr char kRaw[] = "touches only what it is given, without metamethods";
constexpr char kBounded[] = "allocates within the memory limit";
constexpr char kPattern[] = "may take long in C: the pool kills the worker that overstays";
constexpr char kCalls[] = "calls back into Lua, where the deadline holds";
constexpr char kClock[] = "reads the clock in whole seconds, in UTC";

constexpr Offer kOffers[] = {
    {"", "_G", "the globals, fresh for each invocation"},
    {"", "_VERSION", "a string"},
    {"", "assert", kPure},
    {"", "collectgarbage", "steers this state's collector; gone with the invocation"},
    {"", "error", "ends what pcall began"},
    {"", "getmetatable", "honours __metatable; all metatables are the invocation's own"},
    {"", "ipairs", kPure},
    {"", "next", kPure},
    {"", "pairs", kPure},
    {"", "pcall", "cannot hold the deadline, which jumps over it"},
    {"", "print", "writes to the invocation's logs, bounded", base_print},
    {"", "rawequal", kRaw},
    {"", "rawget", kRaw},
    {"", "rawlen", kRaw},
    {"", "rawset", kRaw},
    {"", "select", kPure},
    {"", "setmetatable", "refuses __gc: finalizers run where no hook is seen", base_setmetatable},
    {"", "tonumber", kPure},
    {"", "tostring", "shows a number where Lua shows an address", base_tostring},
    {"", "type", kPure},
    {"", "xpcall", "as pcall"},
    {"", "array", "marks a table as a JSON array, so that an empty one is written []", base_array},
    {"", "call", "asks a plugin, through the server, which decides", plugin_call},
    {"", "null", "JSON's null: a light userdata that is no address"},

    {"", "string", "the library below"},
    {"", "table", "the library below"},
    {"", "math", "the library below"},
    {"", "utf8", "the library below"},
    {"", "coroutine", "the library below"},
    {"", "os", "the clock alone"},

    {"string", "byte", kPure},
    {"string", "char", kBounded},
    {"string", "find", kPattern},
    {"string", "format", "shows a number where Lua shows an address", string_format},
    {"string", "gmatch", kPattern},
    {"string", "gsub", kPattern},
    {"string", "len", kPure},
    {"string", "lower", kBounded},
    {"string", "match", kPattern},
    {"string", "pack", kBounded},
    {"string", "packsize", kPure},
    {"string", "rep", kBounded},
    {"string", "reverse", kBounded},
    {"string", "sub", kBounded},
    {"string", "unpack", kPure},
    {"string", "upper", kBounded},

    {"table", "concat", kBounded},
    {"table", "insert", kBounded},
    {"table", "move", kPattern},
    {"table", "pack", kBounded},
    {"table", "remove", kPure},
    {"table", "sort", kCalls},
    {"table", "unpack", kBounded},

    {"math", "abs", kPure},
    {"math", "acos", kPure},
    {"math", "asin", kPure},
    {"math", "atan", kPure},
    {"math", "ceil", kPure},
    {"math", "cos", kPure},
    {"math", "deg", kPure},
    {"math", "exp", kPure},
    {"math", "floor", kPure},
    {"math", "fmod", kPure},
    {"math", "huge", "a number"},
    {"math", "log", kPure},
    {"math", "max", kPure},
    {"math", "maxinteger", "a number"},
    {"math", "min", kPure},
    {"math", "mininteger", "a number"},
    {"math", "modf", kPure},
    {"math", "pi", "a number"},
    {"math", "rad", kPure},
    {"math", "random", "its own generator, seeded anew for each invocation", math_random},
    {"math", "randomseed", "seeds that generator, not the process's", math_randomseed},
    {"math", "sin", kPure},
    {"math", "sqrt", kPure},
    {"math", "tan", kPure},
    {"math", "tointeger", kPure},
    {"math", "type", kPure},
    {"math", "ult", kPure},

    {"utf8", "char", kBounded},
    {"utf8", "charpattern", "a string"},
    {"utf8", "codepoint", kBounded},
    {"utf8", "codes", kPure},
    {"utf8", "len", kPure},
    {"utf8", "offset", kPure},

    {"coroutine", "create", kBounded},
    {"coroutine", "isyieldable", kPure},
    {"coroutine", "resume", "records which coroutine runs, for the deadline", coroutine_resume},
    {"coroutine", "running", kPure},
    {"coroutine", "status", kPure},
    {"coroutine", "wrap", "records which coroutine runs, for the deadline", coroutine_wrap},
    {"coroutine", "yield", kPure},

    {"os", "clock", "whole milliseconds since the invocation began", os_clock},
    {"os", "date", kClock},
    {"os", "difftime", kPure},
    {"os", "time", kClock},
};

struct Library {
  const char* name;
  lua_CFunction open;
};

// The base library sets its functions as globals itself. It comes last: then the table of globals
// is held against the list with all that is in it.
constexpr Library kLibraries[] = {
    {"string", luaopen_string}, {"table", luaopen_table}, {"math", luaopen_math},
    {"utf8", luaopen_utf8},     {"os", luaopen_os},       {"coroutine", luaopen_coroutine},
    {"", luaopen_base},
};

const Offer* find_offer(std::string_view library, std::string_view name) {
  for (const Offer& offer : kOffers)
    if (offer.library == library && offer.name == name) return &offer;
  return nullptr;
}

// Removes from the table on top of the stack whatever is not offered.
void prune(lua_State* L, std::string_view library) {
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    lua_pop(L, 1);
    const bool offered =
        lua_type(L, -1) == LUA_TSTRING && find_offer(library, lua_tostring(L, -1)) != nullptr;
    if (offered) continue;
    lua_pushvalue(L, -1);
    lua_pushnil(L);
    lua_rawset(L, -4);  // a field may be cleared while the table is walked
  }
}

// What ours need of Lua's own before they take its place.
void keep_originals(lua_State* L, std::string_view library) {
  if (library != "string") return;
  lua_getfield(L, -1, "format");
  Context::of(L).format = lua_tocfunction(L, -1);
  lua_pop(L, 1);
}

void add_ours(lua_State* L, std::string_view library) {
  for (const Offer& offer : kOffers) {
    if (offer.library != library) continue;
    if (offer.ours != nullptr) {
      lua_pushcfunction(L, offer.ours);
      lua_setfield(L, -2, offer.name);
    } else if (lua_getfield(L, -1, offer.name) == LUA_TNIL) {
      luaL_error(L, "this Lua has no '%s'", offer.name);
    } else {
      lua_pop(L, 1);
    }
  }
}

}  // namespace

void open_libraries(lua_State* L) {
  lua_pushlightuserdata(L, nullptr);
  lua_setglobal(L, "null");
  for (const Library& library : kLibraries) {
    lua_pushcfunction(L, library.open);
    lua_call(L, 0, 1);
    keep_originals(L, library.name);
    prune(L, library.name);
    add_ours(L, library.name);
    if (*library.name == '\0') {
      lua_pop(L, 1);
    } else {
      lua_setglobal(L, library.name);
    }
  }
  make_markers(L);
}

}  // namespace sluice::sandbox
