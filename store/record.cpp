#include "store/record.h"

namespace sluice {

std::string_view to_string(State state) {
  switch (state) {
    case State::kScheduled: return "scheduled";
    case State::kQueued: return "queued";
    case State::kRunning: return "running";
    case State::kDone: return "done";
    case State::kDead: return "dead";
  }
  return "dead";
}

Sha256 code_hash_of(std::string_view chunk_name, std::string_view source) {
  return sha256_of_parts({chunk_name, source});
}

}  // namespace sluice
