// One invocation, from the fresh state to the result.
#pragma once

#include "sandbox/vm/machine.h"

namespace sluice::sandbox {

// Where the state's stack keeps what every invocation needs.
inline constexpr int kHandlerSlot = 1;  // notes the traceback
inline constexpr int kMainSlot = 2;     // in an action's snapshot: the function `main`

// The message handler of protected calls.
int note_traceback(lua_State* L);

class Invocation {
 public:
  Invocation(Machine& machine, const RunRequest& request)
      : machine_(machine), context_(machine.context), L_(machine.state), request_(request) {}

  RunResult run();

 private:
  bool find_code();
  bool parse_payload();
  bool restore();
  bool build();
  bool call_main();
  bool write_result();

  // Each notes why the invocation ends here, and is false.
  bool end(Outcome outcome, std::string_view message);
  bool end_timed_out();
  bool end_out_of_memory();
  bool end_failed_call(int status, Outcome outcome);
  void limit_memory();

  Machine& machine_;
  Context& context_;
  lua_State* const L_;
  const RunRequest& request_;
  LoadedCode* code_ = nullptr;
  bool restored_ = false;
  Outcome outcome_ = Outcome::kSucceeded;
};

}  // namespace sluice::sandbox
