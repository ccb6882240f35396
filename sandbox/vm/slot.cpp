#include "sandbox/vm/slot.h"

#include <algorithm>
#include <utility>

#include "sandbox/vm/invocation.h"
#include "sandbox/vm/libraries.h"
#include "sandbox/vm/machine.h"
#include "sandbox/vm/traceback.h"

namespace sluice::sandbox {
namespace {

// Address space beyond the limit, since what is free may lie in pieces.
constexpr uint64_t kSpaceForFragments = 4;
constexpr uint64_t kSpaceForLibraries = 8ull << 20;

constexpr size_t kMuchUnused = 1 << 20;

// Has Lua collect its garbage, as it does itself when memory for an object is refused: safe where
// an allocation is. The stack cannot grow, and before Lua says so it collects. It is the stack of a
// coroutine made for this: on one that is large already, nothing would have to grow, or Lua would
// say so without having tried.
void collect(Context& context) {
  constexpr int kMuchStack = 900'000;
  const bool refusing = context.refusing;
  context.refusing = context.collecting = true;
  lua_checkstack(context.collector, kMuchStack);
  context.collecting = false;
  context.refusing = refusing;
}

bool refuses_next(Context& context) {
  if (context.collecting) return true;
  const uint64_t request = ++context.requests;
  if (request < context.refusals.first || request > context.refusals.last) return false;
  context.arena.note_refusal();
  return true;
}

void* request(Context& context, void* block, size_t old_size, size_t new_size) {
  if (context.refusing && new_size > old_size && refuses_next(context)) [[unlikely]]
    return nullptr;
  return context.arena.reallocate(block, old_size, new_size);
}

// lua_Alloc. A refusal is noted with its place: the error that follows may lose it.
void* allocate(void* context_of_slot, void* block, size_t old_size, size_t new_size) {
  Context& context = *static_cast<Context*>(context_of_slot);
  // For a new object Lua passes its type where the size should be.
  const size_t size = block == nullptr ? 0 : old_size;
  const bool is_object = block == nullptr && old_size != 0;
  void* result = request(context, block, size, new_size);
  if (result != nullptr || new_size == 0) [[likely]]
    return result;
  if (context.collecting) return nullptr;

  const Deadline::Running* running = context.deadline.running();
  if (running == nullptr) return nullptr;
  if (context.slot->make_room(new_size - size)) {
    result = request(context, block, size, new_size);
    if (result != nullptr) return result;
  }
  // The string library's buffers come here on their own and would give up at once.
  if (!is_object) {
    collect(context);
    result = request(context, block, size, new_size);
  }
  if (result == nullptr) write_traceback(context.traceback, running);
  return result;
}

// lua_resume makes these texts outside of protection. Where there is no memory for one, Lua would
// jump to the main coroutine, over all that had resumed one another, and leave them with pointers
// into a stack that is gone. As long as they are somewhere, each is found and not made.
constexpr const char* kTextsOfResume[] = {"cannot resume non-suspended coroutine",
                                          "cannot resume dead coroutine", "C stack overflow",
                                          "error in error handling"};

int open_all(lua_State* L) {
  open_libraries(L);
  Context& context = Context::of(L);
  context.collector = lua_newthread(L);
  for (const char* text : kTextsOfResume) lua_pushstring(context.collector, text);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &context.collector);
  return 0;
}

Error failure(std::string message) {
  return {Code::kInternal, "vm.slot", std::move(message)};
}

}  // namespace

uint64_t arena_bytes(const VmOptions& options) {
  return options.max_memory_bytes * kSpaceForFragments + kSpaceForLibraries;
}

Status Slot::prepare() {
  context.slot = this;
  if (!context.arena.reserve(arena_bytes(machine.options)) || !fiber.prepare(&Slot::live, this))
    return failure("cannot map memory");

  lua_State* L = lua_newstate(allocate, &context);
  if (L == nullptr) return failure("cannot make a Lua state");
  context.attach(L);
  lua_pushcfunction(L, open_all);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) return failure(lua_tostring(L, -1));
  lua_pushcfunction(L, note_traceback);  // in kHandlerSlot
  lua_gc(L, LUA_GCCOLLECT, 0);
  context.arena.compact();
  state = L;
  bare_bytes = context.arena.used();
  if (!bare.take(context.arena)) return failure("no memory for the first snapshot");
  return Ok{};
}

void Slot::end_turn(Turn how) {
  turn = how;
  fiber.suspend();
  if (how == Turn::kEnded || !given_up) return;
  if (!robbed) write_traceback(context.traceback, context.deadline.running());
  context.deadline.leave();
}

void Slot::limit_memory() {
  const uint64_t own = std::min(request.memory_bytes, machine.options.max_memory_bytes);
  const uint64_t left = machine.options.total_memory_bytes -
                        std::min(machine.held_bytes, machine.options.total_memory_bytes);
  context.arena.move_limit(bare_bytes + std::min(own, left));
}

// Who runs has a right to its limit, who waits to what is left. The largest goes first, so that who
// holds little pays last.
bool Slot::make_room(uint64_t more) {
  const uint64_t wanted = context.arena.used() - bare_bytes + more;
  if (wanted > std::min(request.memory_bytes, machine.options.max_memory_bytes)) return false;
  bool made = false;
  while (machine.held_bytes + wanted > machine.options.total_memory_bytes) {
    Slot* largest = nullptr;
    for (const auto& slot : machine.slots)
      if (largest == nullptr || slot->held_bytes > largest->held_bytes) largest = slot.get();
    if (largest->held_bytes == 0) break;
    machine.held_bytes -= std::exchange(largest->held_bytes, 0);
    largest->robbed = true;
    largest->context.arena.discard(largest->bare.size());
    made = true;
  }
  if (made) limit_memory();
  return made;
}

// The first slot's arena alone stays as it is once its invocation has ended: the next one will want
// the same.
uint64_t Slot::release_unused() {
  const bool much = context.arena.unused_bytes() > kMuchUnused;
  if (!taken) {
    if (much && number > 0) context.arena.discard(bare.size());
    return 0;
  }
  const uint64_t held = much ? context.arena.trim() : context.arena.used();
  // Of the libraries, too, an invocation may have freed something.
  return std::max(held, bare_bytes) - bare_bytes;
}

void Slot::live(void* self) {
  Slot& slot = *static_cast<Slot*>(self);
  while (!slot.leaving_) {
    slot.result = Invocation(slot).run();
    slot.end_turn(Turn::kEnded);
  }
}

// The state is never closed: it goes with its arena.
Slot::~Slot() {
  if (state == nullptr) return;  // prepare() failed: nothing ever ran on the fiber
  if (taken) {
    given_up = Outcome::kCancelled;
    fiber.resume();
  }
  leaving_ = true;
  fiber.resume();
}

}  // namespace sluice::sandbox
