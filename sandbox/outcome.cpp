#include "sandbox/outcome.h"

namespace sluice {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSucceeded: return "succeeded";
    case Outcome::kTimedOut: return "timed_out";
    case Outcome::kBadBytecode: return "bad_bytecode";
    case Outcome::kTopLevelFailed: return "top_level_failed";
    case Outcome::kNoMain: return "no_main";
    case Outcome::kFailed: return "failed";
    case Outcome::kOutOfMemory: return "out_of_memory";
    case Outcome::kUnknown: return "unknown";
    case Outcome::kCancelled: return "cancelled";
    case Outcome::kPlatform: return "platform";
    case Outcome::kDead: return "dead";
  }
  return "unknown";
}

std::optional<Outcome> outcome_from_code(int code) {
  if (code == 0 || (code >= 2 && code <= 11)) return static_cast<Outcome>(code);
  return std::nullopt;
}

}  // namespace sluice
