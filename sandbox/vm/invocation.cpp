#include "sandbox/vm/invocation.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "sandbox/vm/traceback.h"

namespace sluice::sandbox {
namespace {

// Lua's memory error as a text: coroutines turn it into one, and so does whoever passes it on. The
// second is that of the string library's buffers.
constexpr std::string_view kNoMemoryTexts[] = {"not enough memory",
                                               "not enough memory for buffer allocation"};

bool says_no_memory(std::string_view message) {
  return std::any_of(std::begin(kNoMemoryTexts), std::end(kNoMemoryTexts),
                     [&](std::string_view text) { return message.ends_with(text); });
}

// Runs the chunk it is given and returns the global `main`.
int run_top_level(lua_State* L) {
  lua_call(L, 0, 0);
  lua_pushglobaltable(L);
  lua_pushliteral(L, "main");
  lua_rawget(L, -2);
  return 1;
}

// Protected, since the finalizers of the string library's buffers want memory for their calls.
int collect_all(lua_State* L) {
  lua_gc(L, LUA_GCCOLLECT, 0);
  return 0;
}

// An error value that is no string, as a string.
int describe_error(lua_State* L) {
  if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING) return 1;
  if (lua_type(L, 1) == LUA_TNUMBER) {
    luaL_tolstring(L, 1, nullptr);
  } else {
    lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
  }
  return 1;
}

}  // namespace

int note_traceback(lua_State* L) {
  Context& context = Context::of(L);
  write_traceback(context.traceback, context.deadline.running(), 1);  // without this function
  return 1;
}

RunResult Invocation::run() {
  const auto began = monotonic_now();
  context_.logs.clear();
  context_.message.clear();
  context_.traceback.clear();
  context_.random.seed(machine_.seeds.next());
  context_.began = began;
  context_.refusals = request_.refusals;
  context_.refusing = request_.refusals.first != 0;
  context_.requests = 0;
  context_.in_main = false;
  context_.deadline.begin(began, request_.timeout);

  const bool succeeded = find_code() && restore() && call_main() && write_result();

  context_.deadline.end();
  RunResult result;
  result.outcome = outcome_;
  if (succeeded) {
    result.result = machine_.writer.text();
  } else {
    result.message = context_.message.view();
    result.traceback = context_.traceback.view();
  }
  result.logs = context_.logs.view();
  if (restored_) result.memory_peak_bytes = context_.arena.peak() - slot_.bare_bytes;
  result.run_time = std::chrono::duration_cast<std::chrono::microseconds>(monotonic_now() - began);
  return result;
}

bool Invocation::find_code() {
  code_ = machine_.shelf.find(request_.code);
  if (code_ != nullptr) return true;
  end(Outcome::kPlatform, "the sandbox does not know this code: ");
  context_.message.append_number(request_.code);
  return false;
}

// Everything in the arena is from here on as it was when the action's top level had just run.
bool Invocation::restore() {
  const Snapshot* const snapshot = machine_.shelf.snapshot(*code_, slot_.number);
  if (snapshot == nullptr) return build();
  snapshot->restore(context_.arena);
  limit_memory();
  if (context_.arena.used() > slot_.bare_bytes + request_.memory_bytes) return end_out_of_memory();
  return true;
}

// The same from the bare state, for the first time or again after an eviction.
bool Invocation::build() {
  // Its turn may end before the payload is needed.
  slot_.kept_payload = request_.payload;
  slot_.request.payload = slot_.kept_payload;
  slot_.bare.restore(context_.arena);
  limit_memory();
  lua_pushcfunction(L_, run_top_level);
  const std::string& bytecode = code_->bytecode;
  const int loaded =
      luaL_loadbufferx(L_, bytecode.data(), bytecode.size(), code_->chunk_name.c_str(), "b");
  if (loaded != LUA_OK) return end_failed_call(loaded, Outcome::kBadBytecode);

  const int status = context_.deadline.call(L_, 1, 1, kHandlerSlot);
  if (status != LUA_OK) return end_failed_call(status, Outcome::kTopLevelFailed);
  if (context_.deadline.passed()) return end_in_time();
  if (!lua_isfunction(L_, kMainSlot)) {
    end(Outcome::kNoMain, code_->chunk_name);
    context_.message.append(" defines no function 'main'");
    if (!lua_isnil(L_, kMainSlot)) {
      context_.message.append(": it is a ");
      context_.message.append(luaL_typename(L_, kMainSlot));
      context_.message.append(" value");
    }
    return false;
  }
  lua_pushcfunction(L_, collect_all);
  const int collected = context_.deadline.call(L_, 0, 0, kHandlerSlot);
  if (collected != LUA_OK) return end_failed_call(collected, Outcome::kTopLevelFailed);
  if (context_.deadline.passed()) return end_in_time();
  lua_sethook(L_, nullptr, 0, 0);
  context_.arena.compact();
  machine_.shelf.keep_snapshot(*code_, slot_.number, context_.arena);
  return true;
}

bool Invocation::call_main() {
  context_.in_main = true;
  lua_pushcfunction(L_, call_with_payload);
  lua_pushvalue(L_, kMainSlot);
  lua_pushlightuserdata(L_, this);
  const int status = context_.deadline.call(L_, 2, 1, kHandlerSlot);
  if (payload_fault_ != nullptr) {
    // The door checks payloads: a bad one is not the job's fault.
    end(Outcome::kPlatform, "the payload is not valid JSON: ");
    context_.message.append(payload_fault_);
    return false;
  }
  if (status != LUA_OK) return end_failed_call(status, Outcome::kFailed);
  return true;
}

// Calls the function it is given with the payload, or with an empty table. The reader is shared:
// between its parse() and its push() no turn can end, since no hook is called.
int Invocation::call_with_payload(lua_State* L) {
  auto* const self = static_cast<Invocation*>(lua_touserdata(L, 2));
  lua_settop(L, 1);
  const std::string_view payload = self->request_.payload;
  if (payload.empty()) {
    lua_newtable(L);
  } else {
    JsonReader& reader = self->machine_.reader;
    self->payload_fault_ = reader.parse(payload);
    if (self->payload_fault_ != nullptr) return 0;
    reader.push(L);
  }
  lua_call(L, 1, 1);
  return 1;
}

bool Invocation::write_result() {
  JsonWriter& writer = machine_.writer;
  const JsonWriter::End end = writer.write(L_, "result", context_.array_metatable,
                                           &Deadline::has_passed, &context_.deadline);
  if (context_.deadline.passed() || end == JsonWriter::End::kTimedOut) return end_in_time();
  switch (end) {
    case JsonWriter::End::kWritten:
      return true;
    case JsonWriter::End::kNoMemory:
      return end_out_of_memory();
    default:
      context_.traceback.clear();
      return this->end(Outcome::kFailed, writer.fault());
  }
}

void Invocation::limit_memory() {
  restored_ = true;
  context_.arena.set_limit(0);
  slot_.limit_memory();
}

bool Invocation::end(Outcome outcome, std::string_view message) {
  outcome_ = outcome;
  context_.message.clear();
  context_.message.append(message);
  return false;
}

// It ran out of time, or was told to end.
bool Invocation::end_in_time() {
  if (slot_.given_up == Outcome::kCancelled)
    return end(Outcome::kCancelled, "cancelled while it ran");
  if (slot_.given_up == Outcome::kOutOfMemory)
    return end(Outcome::kOutOfMemory,
               "its memory was needed: of those that waited for plugins on its worker it held the "
               "most");
  end(Outcome::kTimedOut, "timed out after ");
  context_.message.append_number(request_.timeout.count());
  context_.message.append(" ms");
  return false;
}

bool Invocation::end_out_of_memory() {
  end(Outcome::kOutOfMemory, "memory limit of ");
  const bool whole = request_.memory_bytes % 1024 == 0;
  context_.message.append_number(
      static_cast<long long>(whole ? request_.memory_bytes / 1024 : request_.memory_bytes));
  context_.message.append(whole ? " KB exceeded" : " bytes exceeded");
  return false;
}

// The error value is on top of the stack, unless the deadline ended the call. `outcome` is what an
// error of Lua code means here.
bool Invocation::end_failed_call(int status, Outcome outcome) {
  if (status == Deadline::kJumped || context_.deadline.passed()) return end_in_time();
  if (status == LUA_ERRMEM) return end_out_of_memory();
  if (lua_type(L_, -1) != LUA_TSTRING) {
    lua_pushcfunction(L_, describe_error);
    lua_pushvalue(L_, -2);
    const int described = context_.deadline.call(L_, 1, 1, 0);
    if (described == Deadline::kJumped) return end_in_time();
    if (described == LUA_ERRMEM) return end_out_of_memory();
    if (described != LUA_OK) return end(outcome, "(error object without a readable form)");
  }
  size_t length = 0;
  const char* bytes = lua_tolstring(L_, -1, &length);
  const std::string_view message(bytes, length);
  if (context_.arena.refused() && says_no_memory(message)) return end_out_of_memory();
  return end(outcome, message);
}

}  // namespace sluice::sandbox
