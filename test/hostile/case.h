// A case of the corpus: one Lua file whose header says what must come of it.
//
//     -- expect: timed_out            outcomes as records name them, joined by " or ", or `any`;
//     `refused`: it does
//                                     not compile
//     -- how: killed                  a C function holds it: only killing its worker ends it
//     -- limits: timeout_ms=200 memory_kb=4096 compile_ms=300
//     -- payload: {"n":1}
//     -- runs: 3                      one after another in one worker, each with the same
//     expectations
//     -- at_once: 30                  so many at the same time, each with the same expectations
//     -- result: {"n":1}              exactly; so does message:, logs:, traceback:
//     -- message: contains TEXT       more than one such line may stand here; also for the others
//     -- never: REGEX                 matches nothing that leaves the sandbox
//     -- bytecode: flip 200           the compiled file with so many different damages, each run
//     once
//     -- generate: yes                what follows is Lua that returns the source
//     -- unsanitized: REASON          not run where a sanitizer is built in
//
// Any other line of the header is prose.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/limits.h"
#include "sandbox/outcome.h"

namespace sluice::hostile {

struct Expected {
  enum class Of { kResult, kMessage, kLogs, kTraceback };
  Of of;
  bool whole;  // otherwise it is contained
  std::string text;
};

struct Case {
  std::string name;  // of the file
  std::string source;

  std::vector<Outcome> outcomes;  // empty: any
  bool refused = false;           // is (also) a good ending: the compiler's refusal
  bool killed = false;
  std::vector<Expected> expected;
  std::vector<std::string> never;

  std::chrono::milliseconds timeout{0};
  uint64_t memory_bytes = 16 << 20;
  std::chrono::milliseconds compile_timeout = sandbox::kCompileTimeout;
  std::string payload;
  int runs = 1;
  int at_once = 1;
  int flips = 0;
  std::string unsanitized;

  bool allows(Outcome outcome) const;
  bool may_time_out() const;
  bool must_time_out() const;  // runs to its limit, and is certain to
};

// Errors name the file and the line.
Result<Case> read_case(const std::string& path);

// Empty when the report is as expected, otherwise what is not.
std::string judge(const Case& hostile, const Report& report);

}  // namespace sluice::hostile
