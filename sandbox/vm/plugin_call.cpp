// call(plugin, action [, payload]): asks a plugin, which the server runs, and waits for its answer.
//
// The payload is any value with a JSON form; without one the plugin gets an empty object. Returns
// the answer as a Lua value; an error of the plugin's is raised here, with its message.
#include <lua.hpp>
#include <string_view>

#include "base/utf8.h"
#include "sandbox/vm/functions.h"
#include "sandbox/vm/machine.h"
#include "sandbox/vm/traceback.h"

namespace sluice::sandbox {
namespace {

constexpr size_t kMaxNameBytes = 256;

std::string_view check_name(lua_State* L, int argument) {
  size_t size = 0;
  const char* bytes = luaL_checklstring(L, argument, &size);
  const std::string_view name(bytes, size);
  if (size > kMaxNameBytes) luaL_argerror(L, argument, "a name of at most 256 bytes expected");
  if (!is_utf8(name)) luaL_argerror(L, argument, "the name is not valid UTF-8");
  return name;
}

[[noreturn]] void out_of_time(Context& context) {
  write_traceback(context.traceback, context.deadline.running());
  context.deadline.leave();
}

// Raises an error with a message that is not Lua's, after the place of the call.
int raise(lua_State* L, std::string_view message) {
  luaL_where(L, 1);
  lua_pushlstring(L, message.data(), message.size());
  lua_concat(L, 2);
  return lua_error(L);
}

std::string_view write_payload(lua_State* L, Slot& slot) {
  if (lua_isnoneornil(L, 3)) return "{}";
  Context& context = slot.context;
  JsonWriter& writer = slot.machine.writer;
  switch (writer.write(L, "payload", context.array_metatable, &Deadline::has_passed,
                       &context.deadline)) {
    case JsonWriter::End::kWritten:
      return writer.text();
    case JsonWriter::End::kTimedOut:
      out_of_time(context);
    case JsonWriter::End::kNoMemory:
      context.arena.note_refusal();
      luaL_error(L, "not enough memory");
      break;
    case JsonWriter::End::kNoForm:
      raise(L, writer.fault());
      break;
  }
  return {};
}

}  // namespace

// Reader and writer are shared by all slots. Neither is in use when the turn ends: the request is
// taken from the writer, and the answer given to the reader, in one piece with it.
int plugin_call(lua_State* L) {
  Slot& slot = *Context::of(L).slot;
  if (!slot.context.in_main)
    return luaL_error(L, "call() can be used in 'main', not while the file is loaded");
  const std::string_view plugin = check_name(L, 1);
  const std::string_view action = check_name(L, 2);
  lua_settop(L, 3);
  slot.call = {plugin, action, write_payload(L, slot)};
  slot.end_turn(Turn::kCalls);
  // Ticks are for the one whose turn it is, so none has seen the time pass. An answer that comes
  // after it, above all that there was none, must not reach pcall.
  if (slot.context.deadline.tick()) out_of_time(slot.context);
  const CallAnswer& answer = *slot.answer;
  if (!answer.ok) return raise(L, answer.text);
  JsonReader& reader = slot.machine.reader;
  if (const char* fault = reader.parse(answer.text))
    return luaL_error(L, "the plugin's answer is not valid JSON: %s", fault);
  reader.push(L);
  return 1;
}

}  // namespace sluice::sandbox
