// JSON → Lua → JSON. What the door accepts must come back the same by value, and a text that came
// back once must come back byte for byte.
#include <simdjson.h>

#include <lua.hpp>
#include <map>

#include "base/json_check.h"
#include "base/json_error.h"
#include "check.h"
#include "sandbox/vm/context.h"
#include "sandbox/vm/json_read.h"
#include "sandbox/vm/json_write.h"

namespace sluice::fuzz {
namespace {

using namespace sandbox;

// A Lua state with the two halves of the conversion, without the libraries.
class Lua {
 public:
  Lua() : L_(luaL_newstate()) {
    context_.attach(L_);
    lua_newtable(L_);
    context_.array_metatable = lua_topointer(L_, -1);
    lua_rawsetp(L_, LUA_REGISTRYINDEX, &context_.array_metatable);
    check(writer_.prepare(), "no memory for the writer");
  }
  ~Lua() { lua_close(L_); }

  // The text as it comes out again; a view that is good until the next call.
  std::string_view through(std::string_view text) {
    lua_settop(L_, 0);
    const char* const fault = reader_.parse(text);
    check(fault == nullptr, "the worker does not take what the door has taken", text);
    lua_pushcfunction(L_, [](lua_State* L) {
      static_cast<JsonReader*>(lua_touserdata(L, 1))->push(L);
      return 1;
    });
    lua_pushlightuserdata(L_, &reader_);
    check(lua_pcall(L_, 1, 1, 0) == LUA_OK, "JSON does not become a Lua value", text);
    const JsonWriter::End end = writer_.write(
        L_, "result", context_.array_metatable, [](void*) { return false; }, nullptr);
    check(end == JsonWriter::End::kWritten, "what came from JSON has no JSON form",
          writer_.fault());
    check(lua_gettop(L_) == 1, "the writer leaves something on the stack");
    return writer_.text();
  }

 private:
  lua_State* L_;
  Context context_;
  JsonReader reader_;
  JsonWriter writer_;
};

// A value in a form that is equal exactly when the values are: nulls in objects are left out, of
// equal keys the last counts, numbers keep their kind and their bits.
std::string meaning(simdjson::dom::element value) {
  using simdjson::dom::element_type;
  switch (value.type()) {
    case element_type::ARRAY: {
      std::string all = "[";
      const simdjson::dom::array items = value.get_array().value_unsafe();
      for (const auto item : items) all += meaning(item) + ",";
      return all + "]";
    }
    case element_type::OBJECT: {
      std::map<std::string_view, std::string> fields;
      const simdjson::dom::object object = value.get_object().value_unsafe();
      for (const auto field : object) {
        if (field.value.is_null()) {
          fields.erase(field.key);
        } else {
          fields[field.key] = meaning(field.value);
        }
      }
      std::string all = "{";
      for (const auto& [key, text] : fields)
        all += std::to_string(key.size()) + ":" + std::string(key) + "=" + text + ",";
      return all + "}";
    }
    case element_type::STRING: {
      const std::string_view text = value.get_string().value_unsafe();
      return std::to_string(text.size()) + "\"" + std::string(text);
    }
    case element_type::INT64:
      return "i" + std::to_string(value.get_int64().value_unsafe());
    case element_type::DOUBLE: {
      const double number = value.get_double().value_unsafe();
      uint64_t bits;
      static_assert(sizeof bits == sizeof number);
      std::memcpy(&bits, &number, sizeof bits);
      return "d" + std::to_string(bits);
    }
    case element_type::BOOL:
      return value.get_bool().value_unsafe() ? "t" : "f";
    case element_type::NULL_VALUE:
      return "n";
    default:
      check(false, "an integer beyond 64 bits with a sign was accepted");
      return {};
  }
}

std::string meaning(std::string_view text) {
  static simdjson::dom::parser parser;
  simdjson::dom::element root;
  check(!parser.parse(text.data(), text.size(), true).get(root), "not JSON", text);
  return meaning(root);
}

void one(std::string_view text) {
  static JsonChecker door;
  static Lua lua;
  const Status status = door.check(text);
  const auto fault = find_json_fault(text, kMaxJsonDepth);
  check(fault.has_value() == !status.ok(), "the checker and its explanation disagree", text);
  if (fault) {
    check(fault->offset <= text.size(), "a fault beyond the text", text);
    check(!fault->why.empty(), "a fault without a reason", text);
    return;
  }
  const std::string first(lua.through(text));
  check(door.check(first).ok(), "what came out would not be let in", first);
  check(meaning(first) == meaning(text), "another value came out", first);
  check(lua.through(first) == first, "the second time it comes out differently", first);
}

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::fuzz::one({reinterpret_cast<const char*>(data), size});
  return 0;
}
