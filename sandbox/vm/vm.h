// Vm: runs invocations, each from a fresh start, and several at a time: one runs, the others wait for plugins.
//
// Slots. An invocation has a slot for itself: a Lua 5.3 state, the arena it lives in, and a C stack (slot.h). Where Lua code
// calls a plugin, its turn ends: the caller asks the plugin, meanwhile gives other slots a turn, and comes back with the
// answer. The stack stays as it is, so code can wait wherever it stands. A turn ends after 10 ms, too, so that a busy
// invocation does not keep those whose answers came.
//
// Everything Lua allocates lies in the arena, at a fixed address. After an action's bytecode was loaded and its top level
// has run once, the used part of the arena is copied aside: the action's snapshot. An invocation begins by
// copying it back, so nothing that one invocation did can be seen by the next, at the price of copying some
// 20 KB. Snapshots hold absolute pointers and are good for their slot alone; they are made when first needed and
// evicted by bytes, the least recently used first.
//
// Time. `begin` notes the deadline; `tick`, called from a timer signal, sets a hook on the running coroutine when it has
// passed. The hook leaves the VM by a jump, so no `pcall` can hold it; what it leaves behind is
// gone with the next restore. C functions never see a hook: the process that watches the worker kills it.
//
// Memory. The allocator refuses beyond the invocation's limit, counting the bytes that the job requested on
// top of the bare libraries. Lua then collects, tries again, and raises the error that ends as out_of_memory.
//
// Not thread-safe; `tick` alone may interrupt the other calls. Nothing here throws.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sandbox/compiler.h"
#include "sandbox/outcome.h"

namespace sluice::sandbox {

using SlotNumber = uint16_t;

struct VmOptions {
  uint64_t max_memory_bytes = 128ull << 20;      // the highest limit a run may name; the arena reserves more address space
  uint64_t snapshot_cache_bytes = 16ull << 20;   // of all snapshots together
  SlotNumber max_slots = 1;
  // What invocations hold together. Where one needs more than the others leave, those that wait and hold the most are
  // robbed of it.
  uint64_t total_memory_bytes = UINT64_MAX;
};

// Names code within one worker: the number its Load frame gave it.
using CodeRef = uint32_t;

// For tests: requests for memory that are refused though there is room, from the invocation's `first` (they count from 1)
// to its `last`.
struct Refusals {
  uint64_t first = 0;  // 0: none
  uint64_t last = 0;
};

struct RunRequest {
  CodeRef code = 0;
  std::string_view payload;  // JSON; empty: main gets an empty table
  std::chrono::milliseconds timeout{0};
  uint64_t memory_bytes = 0;
  Refusals refusals = {};
};

// Views are good until the next call, here and below.
struct RunResult {
  Outcome outcome = Outcome::kPlatform;
  std::string_view result;
  std::string_view message;
  std::string_view traceback;
  std::string_view logs;
  std::chrono::microseconds run_time{0};
  uint64_t memory_peak_bytes = 0;
};

struct PluginCall {
  std::string_view plugin;
  std::string_view action;
  std::string_view payload;  // JSON
};

struct CallAnswer {
  bool ok = false;
  std::string_view text;  // JSON, or the message of the error that Lua code gets
};

// How an invocation's turn ended.
enum class Turn : uint8_t {
  kEnded,   // and with it the invocation: result() says how. The slot is free
  kCalls,   // it waits for the answer to call()
  kSliced,  // it has used up its 10 ms, and wants to go on
};

class Vm {
 public:
  // Makes the first slot: reserves its arena, opens the libraries and takes the bare snapshot. kInternal when memory cannot be
  // mapped.
  static Result<std::unique_ptr<Vm>> create(const VmOptions& options);
  ~Vm();

  // Keeps bytecode under `ref`; it is loaded into Lua when first run. A known ref is replaced.
  void load(CodeRef ref, std::string chunk_name, std::string bytecode);
  void unload(CodeRef ref);

  // A free slot, the lowest; made where there is none yet. None: max_slots are taken, or there is no memory for another.
  std::optional<SlotNumber> free_slot();

  // Gives an invocation its first turn: runs `main` of the code with the payload. An unknown ref is outcome platform.
  Turn begin(SlotNumber free_slot, const RunRequest& request);
  // The next one, after kSliced, or after kCalls with the answer.
  Turn go_on(SlotNumber slot);
  Turn go_on(SlotNumber slot, const CallAnswer& answer);
  // Its last: what waits or was sliced ends with this outcome: timed_out or cancelled, or out_of_memory where it was robbed.
  void give_up(SlotNumber slot, Outcome outcome);

  // One that was robbed in another's turn, if any: to be given up.
  std::optional<SlotNumber> robbed() const;

  const RunResult& result(SlotNumber slot) const;
  const PluginCall& call(SlotNumber slot) const;

  // All of an invocation at once, where there are no plugins: calls fail.
  RunResult run(const RunRequest& request);

  // Async-signal-safe. True while an invocation is running past its deadline.
  bool tick();

  // Gives memory that large invocations dirtied back to the system. For moments when no slot is taken.
  void release_memory();

 private:
  struct Impl;
  Turn take_turn(SlotNumber slot);
  explicit Vm(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Address space that a slot may come to need: arena and stack.
uint64_t slot_bytes(const VmOptions& options);

// Compiles a source in a state of its own, within `memory_bytes`. kInvalid with Lua's message. Time is the
// caller's to limit: Lua's parser sees no hook.
Result<Bytecode> compile(const Source& source, uint64_t memory_bytes);

// Identifies the Lua build that this program is linked with: bytecode of another tag must not be loaded.
std::string_view lua_tag();

}  // namespace sluice::sandbox
