#include "base/config/lua_config.h"

#include <cJSON.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/config/lua_state.h"
#include "base/config/plugin_keys.h"
#include "base/config/schema.h"
#include "base/json_check.h"

namespace sluice::config {
namespace {

struct DeleteJson {
  void operator()(cJSON* json) const { cJSON_Delete(json); }
};
using Json = std::unique_ptr<cJSON, DeleteJson>;

// A plugin's options, from Lua to JSON. Tables may hold each other: depth and number of values are
// bounded.
class OptionsWriter {
 public:
  explicit OptionsWriter(lua_State* L) : L_(L) {}

  // The table on top of the stack, without the server's own keys. Nothing: error() says why.
  Json options() {
    if (lua_rawlen(L_, -1) > 0)
      return fail("a value without a name, which needs to be key = value");
    return object(0);
  }

  std::string error() const {
    return place_.empty() ? error_ : fmt::format("'{}': {}", place_, error_);
  }

 private:
  static constexpr int kMaxDepth = 16;
  static constexpr int kMaxValues = 10'000;

  Json table(int depth) {
    if (depth > kMaxDepth || !lua_checkstack(L_, 8))
      return fail("tables nested deeper than 16 levels");
    const size_t length = lua_rawlen(L_, -1);
    return length > 0 ? array(length, depth) : object(depth);
  }

  Json array(size_t length, int depth) {
    Json json(cJSON_CreateArray());
    size_t keys = 0;
    for (lua_pushnil(L_); lua_next(L_, -2); lua_pop(L_, 1)) ++keys;
    if (keys != length) return fail("a table with both positions and names");
    for (size_t i = 1; i <= length; ++i) {
      lua_rawgeti(L_, -1, static_cast<lua_Integer>(i));
      Json item = value(depth);
      lua_pop(L_, 1);
      if (!item) return nullptr;
      cJSON_AddItemToArray(json.get(), item.release());
    }
    return json;
  }

  Json object(int depth) {
    Json json(cJSON_CreateObject());
    lua_pushnil(L_);
    while (lua_next(L_, -2)) {
      if (lua_type(L_, -2) != LUA_TSTRING) return fail("a table with keys that are no texts");
      const std::string key = lua_tostring(L_, -2);
      if (depth == 0 && find_plugin_key(key) != nullptr) {
        lua_pop(L_, 1);
        continue;
      }
      Json item = value(depth);
      lua_pop(L_, 1);
      if (!item) return fail_in(key);
      cJSON_AddItemToObject(json.get(), key.c_str(), item.release());
    }
    return json;
  }

  Json value(int depth) {
    if (++values_ > kMaxValues) return fail("more than 10000 values");
    switch (lua_type(L_, -1)) {
      case LUA_TBOOLEAN:
        return Json(cJSON_CreateBool(lua_toboolean(L_, -1)));
      case LUA_TNUMBER:
        return number();
      case LUA_TSTRING:
        return text();
      case LUA_TTABLE:
        return table(depth + 1);
      default:
        return fail(fmt::format("a {}, which JSON does not have", luaL_typename(L_, -1)));
    }
  }

  Json number() {
    // cJSON has only doubles: an integer is written as it stands.
    if (lua_isinteger(L_, -1))
      return Json(cJSON_CreateRaw(std::to_string(lua_tointeger(L_, -1)).c_str()));
    const double number = lua_tonumber(L_, -1);
    if (!std::isfinite(number)) return fail("a number that is not finite");
    return Json(cJSON_CreateNumber(number));
  }

  Json text() {
    size_t length = 0;
    const char* text = lua_tolstring(L_, -1, &length);
    if (std::string_view(text, length).find('\0') != std::string_view::npos)
      return fail("a text with a zero byte");
    return Json(cJSON_CreateString(text));
  }

  Json fail(std::string why) {
    error_ = std::move(why);
    return nullptr;
  }

  // On the way out of the tables that hold what is wrong, innermost first.
  Json fail_in(std::string_view key) {
    place_ = place_.empty() ? std::string(key) : fmt::format("{}.{}", key, place_);
    return nullptr;
  }

  lua_State* const L_;
  int values_ = 0;
  std::string place_;  // of what is wrong: "list.inner"
  std::string error_;
};

// Lua knows the line of a call, not those of the keys in its table: they are looked for in the
// text. What is found is only ever shown.
int line_of_key(std::string_view text, int block_line, std::string_view key) {
  const auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  int line = 1;
  int depth = 0;  // of braces
  size_t at = 0;
  while (line < block_line && at < text.size()) line += text[at++] == '\n';
  while (at < text.size()) {
    const char c = text[at];
    if (c == '{') ++depth;
    if (c == '}' && --depth <= 0) break;
    if (c == '\n') {
      ++line;
      ++at;
    } else if (c == '-' && text.substr(at, 2) == "--") {
      at = std::min(text.find('\n', at), text.size());
    } else if (c == '"' || c == '\'') {
      while (++at < text.size() && text[at] != c && text[at] != '\n') at += text[at] == '\\';
      ++at;
    } else if (is_name(c)) {
      const size_t start = at;
      while (at < text.size() && is_name(text[at])) ++at;
      const std::string_view word = text.substr(start, at - start);
      const size_t next = text.find_first_not_of(" \t", at);
      if (depth <= 1 && word == key && next < text.size() && text[next] == '=') return line;
    } else {
      ++at;
    }
  }
  return block_line;
}

// Turns one record of the run, on top of the stack, into a ConfigBlock.
class BlockReader {
 public:
  BlockReader(lua_State* L, std::string_view text, const std::string& path)
      : L_(L), text_(text), path_(path) {}

  Result<ConfigBlock> read() {
    block_.name = field(1);
    block_.label = field(2);
    lua_rawgeti(L_, -1, 3);
    block_.line = static_cast<int>(lua_tointeger(L_, -1));
    lua_pop(L_, 1);
    if (lua_rawgeti(L_, -1, 4) != LUA_TTABLE)
      return at_block(fmt::format("Plugin \"{0}\" has no table: Plugin \"{0}\" {{ key = value }}",
                                  block_.label));
    const Status done = block_.name == "Plugin" ? plugin() : keys();
    if (!done.ok()) return done.error();
    std::stable_sort(block_.keys.begin(), block_.keys.end(),
                     [](const ConfigKey& a, const ConfigKey& b) { return a.line < b.line; });
    return std::move(block_);
  }

 private:
  Status keys() {
    lua_pushnil(L_);
    while (lua_next(L_, -2)) {
      if (lua_type(L_, -2) != LUA_TSTRING)
        return at_block(
            fmt::format("{0} has a value without a name: {0} {{ key = value }}", block_.name));
      const Status taken = key(lua_tostring(L_, -2));
      if (!taken.ok()) return taken;
      lua_pop(L_, 1);
    }
    return {};
  }

  Status plugin() {
    for (const PluginKey& own : plugin_keys()) {
      if (lua_getfield_raw(own.name.data())) {
        const Status taken = key(std::string(own.name));
        if (!taken.ok()) return taken;
      }
      lua_pop(L_, 1);
    }
    OptionsWriter writer(L_);
    const Json options = writer.options();
    if (!options) return at_block(fmt::format("Plugin \"{}\": {}", block_.label, writer.error()));
    char* printed = cJSON_PrintUnformatted(options.get());
    block_.options = printed ? printed : "";
    cJSON_free(printed);
    const Status json = JsonChecker().check(block_.options);
    if (!json.ok())
      return at_block(fmt::format("Plugin \"{}\": {}", block_.label, json.error().message));
    return {};
  }

  bool lua_getfield_raw(const char* name) {
    lua_pushstring(L_, name);
    return lua_rawget(L_, -2) != LUA_TNIL;
  }

  // The value on top of the stack.
  Status key(const std::string& name) {
    ConfigKey key{name, {}, line_of_key(text_, block_.line, name)};
    switch (lua_type(L_, -1)) {
      case LUA_TBOOLEAN:
        key.value = lua_toboolean(L_, -1) != 0;
        break;
      case LUA_TNUMBER: {
        int whole = 0;
        const lua_Integer number = lua_tointegerx(L_, -1, &whole);
        if (whole) {
          key.value = int64_t{number};
        } else {
          key.value = fmt::format("{}", lua_tonumber(L_, -1));
        }
        break;
      }
      case LUA_TSTRING:
        key.value = text();
        break;
      case LUA_TTABLE:
        if (takes_list(name)) {
          Result<Texts> texts = list(key);
          if (!texts.ok()) return texts.error();
          key.value = *std::move(texts);
          break;
        }
        [[fallthrough]];
      default:
        return config_error(
            path_, key.line,
            fmt::format("{}: '{}' cannot be a {}", block_.name, name, luaL_typename(L_, -1)));
    }
    block_.keys.push_back(std::move(key));
    return {};
  }

  bool takes_list(const std::string& name) const {
    const Setting* setting = find_setting(block_.name, name);
    return setting != nullptr &&
           (setting->shape.kind == Kind::kTexts || setting->shape.kind == Kind::kTokens);
  }

  // The table on top of the stack.
  Result<Texts> list(const ConfigKey& key) {
    constexpr lua_Unsigned kMost = 1'000;
    const lua_Unsigned length = lua_rawlen(L_, -1);
    lua_Unsigned keys = 0;
    for (lua_pushnil(L_); lua_next(L_, -2); lua_pop(L_, 1)) ++keys;
    const auto refuse = [&] {
      return config_error(
          path_, key.line,
          fmt::format("{}: '{}' must be a list of at most {} texts: {{\"…\", \"…\"}}", block_.name,
                      key.name, kMost));
    };
    if (keys != length || length > kMost) return refuse();
    Texts texts;
    for (lua_Unsigned i = 1; i <= length; ++i) {
      const bool is_text = lua_rawgeti(L_, -1, static_cast<lua_Integer>(i)) == LUA_TSTRING;
      if (is_text) texts.push_back(text());
      lua_pop(L_, 1);
      if (!is_text) return refuse();
    }
    return texts;
  }

  // The text on top of the stack.
  std::string text() const {
    size_t length = 0;
    const char* text = lua_tolstring(L_, -1, &length);
    return text ? std::string(text, length) : std::string();
  }

  std::string field(int index) {
    lua_rawgeti(L_, -1, index);
    std::string copy = text();
    lua_pop(L_, 1);
    return copy;
  }

  Error at_block(const std::string& message) const {
    return config_error(path_, block_.line, message);
  }

  lua_State* const L_;
  const std::string_view text_;
  const std::string& path_;
  ConfigBlock block_;
};

}  // namespace

Result<std::vector<ConfigBlock>> parse_config(std::string_view text, const std::string& path) {
  LuaBudget budget;
  const LuaState state = make_config_state(budget);
  if (!state) return Error{Code::kUnavailable, "", fmt::format("{}: no memory to read it", path)};
  lua_State* L = state.get();
  if (const Status ran = run_config(L, text, path); !ran.ok()) return ran.error();

  budget.counted = false;  // an error outside of a protected call would end the process
  std::vector<ConfigBlock> blocks;
  const int calls = lua_gettop(L);
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, calls));
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_rawgeti(L, calls, i);
    Result<ConfigBlock> block = BlockReader(L, text, path).read();
    if (!block.ok()) return block.error();
    blocks.push_back(std::move(*block));
    lua_settop(L, calls);
  }
  return blocks;
}

}  // namespace sluice::config
