// One invocation, from the fresh state to the result.
#pragma once

#include "sandbox/vm/machine.h"
#include "sandbox/vm/slot.h"

namespace sluice::sandbox {

// Where the state's stack keeps what every invocation needs.
inline constexpr int kHandlerSlot = 1;  // notes the traceback
inline constexpr int kMainSlot = 2;     // in an action's snapshot: the function `main`

// The message handler of protected calls.
int note_traceback(lua_State* L);

class Invocation {
 public:
  explicit Invocation(Slot& slot)
      : machine_(slot.machine),
        slot_(slot),
        context_(slot.context),
        L_(slot.state),
        request_(slot.request) {}

  RunResult run();

 private:
  static int call_with_payload(lua_State* L);

  bool find_code();
  bool restore();
  bool build();
  bool call_main();
  bool write_result();

  // Each notes why the invocation ends here, and is false.
  bool end(Outcome outcome, std::string_view message);
  bool end_in_time();
  bool end_out_of_memory();
  bool end_failed_call(int status, Outcome outcome);
  void limit_memory();

  Machine& machine_;
  Slot& slot_;
  Context& context_;
  lua_State* const L_;
  const RunRequest& request_;
  LoadedCode* code_ = nullptr;  // good until the first turn in `main` ends
  const char* payload_fault_ = nullptr;
  bool restored_ = false;
  Outcome outcome_ = Outcome::kSucceeded;
};

}  // namespace sluice::sandbox
