// How an invocation ended: one enum, produced by the sandbox and carried to the client unchanged. Nobody
// parses messages.
//
// This header is vocabulary: store, queue and api may include it without linking the sandbox.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// The values are the `err` codes of the HTTP API. 2 to 8 are those of the original server; they never change.
enum class Outcome : uint8_t {
  kSucceeded = 0,
  kTimedOut = 2,         // ran past its time limit
  kBadBytecode = 3,      // the stored bytecode could not be loaded
  kTopLevelFailed = 4,   // the action's file raised an error before `main` was called
  kNoMain = 5,           // the file defines no function `main`
  kFailed = 6,           // `main` raised an error, or returned what has no JSON form
  kOutOfMemory = 7,      // needed more than its memory limit
  kUnknown = 8,          // the worker died under it: killed by the system, crashed
  kCancelled = 9,        // on a user's request
  kPlatform = 10,        // our failure, not the job's: never counted against the action
  kDead = 11,            // gave up: it killed its worker too many times, or its retries are used up
};

constexpr int err_code(Outcome outcome) { return static_cast<int>(outcome); }

std::string_view to_string(Outcome outcome);  // "succeeded", "timed_out", …: as in records and metrics
std::optional<Outcome> outcome_from_code(int code);

// What an invocation left behind. Sizes are bounded by the sandbox (sandbox/limits.h).
struct Report {
  Outcome outcome = Outcome::kPlatform;
  std::string result;     // JSON, when it succeeded
  std::string message;    // one line or a few, when it did not
  std::string traceback;  // Lua's, with line numbers; may be empty
  std::string logs;       // what `print` wrote
  std::chrono::microseconds run_time{0};  // on the worker, restore and JSON included
  uint64_t memory_peak_bytes = 0;         // requested by the job, at its highest
  std::chrono::microseconds cpu_time{0};  // that the worker's thread had in its run time
};

}  // namespace sluice
