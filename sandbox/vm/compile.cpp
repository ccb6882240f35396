#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <lua.hpp>
#include <memory>
#include <string>

#include "sandbox/limits.h"
#include "sandbox/vm/text.h"
#include "sandbox/vm/vm.h"

namespace sluice::sandbox {
namespace {

constexpr char kOperation[] = "compile";

// The compiler's memory comes from malloc: it may run where the address space is limited, and it is
// used once.
struct Budget {
  uint64_t left;
};

void* allocate(void* budget_of_state, void* block, size_t old_size, size_t new_size) {
  Budget& budget = *static_cast<Budget*>(budget_of_state);
  if (block == nullptr) old_size = 0;  // Lua passes the new block's type
  if (new_size == 0) {
    std::free(block);
    budget.left += old_size;
    return nullptr;
  }
  if (new_size > old_size && new_size - old_size > budget.left) return nullptr;
  void* result = std::realloc(block, new_size);
  if (result != nullptr) budget.left = budget.left + old_size - new_size;
  return result;
}

struct CloseState {
  void operator()(lua_State* L) const { lua_close(L); }
};
using State = std::unique_ptr<lua_State, CloseState>;

int append_to_string(lua_State*, const void* bytes, size_t size, void* text) {
  try {
    static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), size);
    return 0;
  } catch (...) {
    return 1;
  }
}

Result<std::string> dump(lua_State* L, bool strip) {
  std::string bytes;
  if (lua_dump(L, append_to_string, &bytes, strip ? 1 : 0) != 0)
    return Error{Code::kUnavailable, kOperation, "no memory for the bytecode"};
  return bytes;
}

std::string clean(std::string_view message) {
  BoundedText text(kMaxMessageBytes);
  text.append(message);
  return std::string(text.view());
}

// Uses most of what the language has, so that a Lua that numbers or encodes its instructions
// otherwise gives another dump.
constexpr char kProbe[] = R"(
local up, t = 1, {10, 2.5, "s", x = true, [up] = nil}
local function f(a, b, ...)
  local c, d = ..., -a + b - a * b / 3 // 4 % 5 ^ 6 & 7 | 8 ~ 9 << 1 >> 2
  up = ~c .. "x" .. #d
  if not a and b or a == b then return f(b, a) elseif a < b or a <= 7 then t.y = t[a] end
  goto done
  for i = 1, 10, 2 do t[i] = i end
  for k, v in pairs(t) do while k ~= v do break end end
  repeat local z = a until z
  ::done::
  return function() up = t:f(a, 1.5, nil, false) end, ...
end
return f
)";

struct Compiled {
  std::string bytes;
  std::string stripped;
};

Result<Compiled> compile_source(const Source& source, uint64_t memory_bytes) {
  Budget budget{memory_bytes};
  const State state(lua_newstate(allocate, &budget));
  if (!state) return Error{Code::kInvalid, kOperation, "the memory limit is too low to compile"};
  lua_State* L = state.get();
  const std::string name = "@" + source.chunk_name;
  const int status = luaL_loadbufferx(L, source.text.data(), source.text.size(), name.c_str(), "t");
  if (status == LUA_ERRMEM)
    return Error{Code::kInvalid, kOperation,
                 clean(source.chunk_name + ":1: too large to compile within " +
                       std::to_string(memory_bytes / 1024) + " KB")};
  if (status != LUA_OK) {
    std::string message = clean(lua_tostring(L, -1));
    // Lua has no line for this: "attempt to load a binary chunk (mode is 't')".
    if (source.text[0] == LUA_SIGNATURE[0]) message = clean(source.chunk_name + ":1: " + message);
    return Error{Code::kInvalid, kOperation, std::move(message)};
  }
  Result<std::string> bytes = dump(L, false);
  if (!bytes) return bytes.error();
  Result<std::string> stripped = dump(L, true);
  if (!stripped) return stripped.error();
  return Compiled{std::move(bytes).value(), std::move(stripped).value()};
}

void append_hex(std::string& text, uint64_t number, int digits) {
  char hex[20];
  std::snprintf(hex, sizeof hex, "%0*llx", digits, static_cast<unsigned long long>(number));
  text += hex;
}

// A dump begins with signature, version, format, six bytes to detect conversions, the sizes of int,
// size_t, Instruction, lua_Integer and lua_Number, and a number of both kinds.
constexpr size_t kHeaderBytes = 4 + 2 + 6 + 5 + 8 + 8;

std::string make_tag() {
  std::string tag = LUA_RELEASE;
  const Result<Compiled> probe = compile_source({"probe", kProbe}, 16 << 20);
  if (!probe || probe->bytes.size() < kHeaderBytes) return tag;
  tag += '-';
  for (size_t at : {4, 5, 12, 13, 14, 15, 16})
    append_hex(tag, static_cast<unsigned char>(probe->bytes[at]), 2);
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (const char c : probe->stripped)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  tag += '-';
  append_hex(tag, hash, 16);
  return tag;
}

}  // namespace

Result<Bytecode> compile(const Source& source, uint64_t memory_bytes) {
  Result<Compiled> compiled = compile_source(source, memory_bytes);
  if (!compiled) return compiled.error();
  Bytecode bytecode;
  bytecode.stripped_bytes = compiled->stripped.size();
  bytecode.bytes = std::move(compiled->bytes);
  bytecode.lua_tag = lua_tag();
  return bytecode;
}

std::string_view lua_tag() {
  static const std::string tag = make_tag();
  return tag;
}

}  // namespace sluice::sandbox
