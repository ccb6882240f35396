#include "sandbox/vm/vm.h"

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
void* allocate(void* context_of_vm, void* block, size_t old_size, size_t new_size) {
  Context& context = *static_cast<Context*>(context_of_vm);
  // For a new object Lua passes its type where the size should be.
  const size_t size = block == nullptr ? 0 : old_size;
  const bool is_object = block == nullptr && old_size != 0;
  void* result = request(context, block, size, new_size);
  if (result != nullptr || new_size == 0) [[likely]]
    return result;
  if (context.collecting) return nullptr;

  const Deadline::Running* running = context.deadline.running();
  if (running == nullptr) return nullptr;
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
  return {Code::kInternal, "vm.create", std::move(message)};
}

Status prepare(Machine& machine) {
  Context& context = machine.context;
  const VmOptions& options = machine.options;
  if (options.max_memory_bytes > kMaxMemoryBytes)
    return failure("max_memory_bytes is more than 1 GiB");
  if (!context.arena.reserve(options.max_memory_bytes * kSpaceForFragments + kSpaceForLibraries) ||
      !machine.writer.prepare())
    return failure("cannot map memory");

  lua_State* L = lua_newstate(allocate, &context);
  if (L == nullptr) return failure("cannot make a Lua state");
  context.attach(L);
  lua_pushcfunction(L, open_all);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) return failure(lua_tostring(L, -1));
  lua_pushcfunction(L, note_traceback);  // in kHandlerSlot
  lua_gc(L, LUA_GCCOLLECT, 0);
  context.arena.compact();
  machine.state = L;
  machine.bare_bytes = context.arena.used();
  if (!machine.bare.take(context.arena)) return failure("no memory for the first snapshot");
  return Ok{};
}

}  // namespace

struct Vm::Impl : Machine {
  using Machine::Machine;
};

Vm::Vm(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

// The state is never closed: it goes with its arena.
Vm::~Vm() = default;

Result<std::unique_ptr<Vm>> Vm::create(const VmOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  if (const Status prepared = prepare(*impl); !prepared) return prepared.error();
  return std::unique_ptr<Vm>(new Vm(std::move(impl)));
}

void Vm::load(CodeRef ref, std::string chunk_name, std::string bytecode) {
  impl_->shelf.put(ref, std::move(chunk_name), std::move(bytecode));
}

void Vm::unload(CodeRef ref) {
  impl_->shelf.remove(ref);
}

RunResult Vm::run(const RunRequest& request) {
  return Invocation(*impl_, request).run();
}

bool Vm::tick() {
  return impl_->context.deadline.tick();
}

void Vm::release_memory() {
  impl_->context.arena.discard(impl_->bare.size());
  impl_->reader.release_memory();
  impl_->writer.release_memory();
}

}  // namespace sluice::sandbox
