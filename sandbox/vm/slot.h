// Slot: what one invocation needs for itself: an arena with a Lua state in it, and a C stack.
//
// A Vm has one slot, and makes another where the others' invocations wait. The fiber lives as long
// as the slot: it runs one invocation after another. Whatever an invocation was in when it is given
// up (a callback of gsub, a chain of coroutines) is left by a jump to its beginning, so a fiber is
// never destroyed with anything on its stack.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "sandbox/vm/context.h"
#include "sandbox/vm/fiber.h"
#include "sandbox/vm/snapshot.h"
#include "sandbox/vm/vm.h"

namespace sluice::sandbox {

struct Machine;

uint64_t arena_bytes(const VmOptions& options);  // of address space

struct Slot {
  Slot(Machine& machine, SlotNumber number) : machine(machine), number(number) {}
  ~Slot();
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  // Reserves the arena and the stack, opens the libraries and takes the bare snapshot.
  Status prepare();

  // From inside of the fiber: gives the turn back, with what it came to. From inside of Lua code it
  // does not return when the invocation is given up meanwhile.
  void end_turn(Turn how);

  Machine& machine;
  const SlotNumber number;
  Context context;
  Fiber fiber;

  // The state with its libraries and nothing else. Its stack holds the message handler, in slot 1.
  lua_State* state = nullptr;
  Snapshot bare;
  uint64_t bare_bytes = 0;  // requested by it: what jobs are not charged for

  // The most that the invocation may request now: its own limit, or what the others leave it of the
  // machine's.
  void limit_memory();
  // The invocation needs `more`: where its own limit allows it, has others give up what they hold
  // while they wait. False: nothing was to be had.
  bool make_room(uint64_t more);

  // Between turns: what its invocation does not hold (any more) goes back to the system, where it
  // is much: there may be many slots. Returns what it goes on holding, beside the libraries. What
  // lies between small pieces that are in use cannot be given back, and counts.
  uint64_t release_unused();

  // The invocation that is here.
  bool taken = false;
  RunRequest request;
  std::string kept_payload;  // where the request's own may be gone before it is needed
  Turn turn = Turn::kEnded;
  RunResult result;                    // turn kEnded
  PluginCall call;                     // turn kCalls
  const CallAnswer* answer = nullptr;  // to that call
  std::optional<Outcome> given_up;
  bool robbed = false;      // others have its memory: it can only be given up
  uint64_t held_bytes = 0;  // while it waits

 private:
  static void live(void* self);
  bool leaving_ = false;
};

}  // namespace sluice::sandbox
