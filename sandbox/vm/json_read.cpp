#include "sandbox/vm/json_read.h"

#include <simdjson.h>

#include <algorithm>
#include <lua.hpp>
#include <new>
#include <utility>

#include "sandbox/vm/context.h"

namespace sluice::sandbox {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr size_t kMaxDepth = 64;  // as the door has it, but a worker trusts nobody
constexpr size_t kKeptCapacity = 64 << 10;

// Nothing on these frames needs destruction, since Lua may jump over them.
void push_element(lua_State* L, element value);

void push_array(lua_State* L, simdjson::dom::array array) {
  luaL_checkstack(L, 4, "JSON is nested too deep");
  lua_createtable(L, static_cast<int>(array.size()), 0);
  lua_Integer index = 0;
  for (element item : array) {
    push_element(L, item);
    lua_rawseti(L, -2, ++index);
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &Context::of(L).array_metatable);
  lua_setmetatable(L, -2);
}

void push_object(lua_State* L, simdjson::dom::object object) {
  luaL_checkstack(L, 4, "JSON is nested too deep");
  lua_createtable(L, 0, static_cast<int>(object.size()));
  for (const simdjson::dom::key_value_pair field : object) {
    lua_pushlstring(L, field.key.data(), field.key.size());
    if (field.value.is_null()) {
      lua_pushnil(L);
    } else {
      push_element(L, field.value);
    }
    lua_rawset(L, -3);
  }
}

// The value, of a kind that was asked for before.
template <class T>
T as(element value) {
  T result{};
  [[maybe_unused]] const simdjson::error_code never = value.get(result);
  return result;
}

void push_element(lua_State* L, element value) {
  switch (value.type()) {
    case element_type::ARRAY:
      return push_array(L, as<simdjson::dom::array>(value));
    case element_type::OBJECT:
      return push_object(L, as<simdjson::dom::object>(value));
    case element_type::STRING: {
      const auto text = as<std::string_view>(value);
      lua_pushlstring(L, text.data(), text.size());
      return;
    }
    case element_type::INT64:
      return lua_pushinteger(L, as<int64_t>(value));
    case element_type::UINT64:  // parse() has refused it
    case element_type::DOUBLE:
      return lua_pushnumber(L, as<double>(value));
    case element_type::BOOL:
      return lua_pushboolean(L, as<bool>(value));
    case element_type::NULL_VALUE:
      return lua_pushlightuserdata(L, nullptr);
  }
}

// simdjson's tape: a word for each item, its kind in the top byte; numbers have a second word.
const char* find_fault(const simdjson::dom::document& document) {
  const uint64_t* tape = document.tape.get();
  const size_t end = static_cast<size_t>(tape[0] & ((uint64_t{1} << 56) - 1));
  size_t depth = 0;
  for (size_t at = 1; at < end; ++at) {
    switch (static_cast<char>(tape[at] >> 56)) {
      case 'u':
        return "an integer beyond 64 bits with a sign";
      case 'l':
      case 'd':
        ++at;
        break;
      case '{':
      case '[':
        if (++depth > kMaxDepth) return "nested deeper than 64 levels";
        break;
      case '}':
      case ']':
        --depth;
        break;
      default:
        break;
    }
  }
  return nullptr;
}

}  // namespace

struct JsonReader::Impl {
  simdjson::dom::parser parser;
  element root;
};

JsonReader::JsonReader() : impl_(new Impl) {}
JsonReader::~JsonReader() = default;

const char* JsonReader::parse(std::string_view text) {
  simdjson::dom::parser& parser = impl_->parser;
  // Room for one more level than is allowed, so that find_fault() judges the depth.
  if (text.size() > parser.capacity() || parser.max_depth() != kMaxDepth + 2) {
    const size_t capacity = std::max<size_t>(text.size(), 4096);
    if (const auto error = parser.allocate(capacity, kMaxDepth + 2))
      return simdjson::error_message(error);
  }
  if (const auto error = parser.parse(text.data(), text.size(), true).get(impl_->root))
    return simdjson::error_message(error);
  return find_fault(parser.doc);
}

void JsonReader::push(lua_State* L) const {
  if (impl_->root.is_null()) {
    lua_pushnil(L);
  } else {
    push_element(L, impl_->root);
  }
}

void JsonReader::release_memory() {
  if (impl_->parser.capacity() <= kKeptCapacity) return;
  if (std::unique_ptr<Impl> fresh(new (std::nothrow) Impl); fresh) impl_ = std::move(fresh);
}

}  // namespace sluice::sandbox
