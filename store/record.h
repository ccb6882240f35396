// The records that stores keep: what was asked for (Submission), where it stands (Progress), what came of
// it (Report, in sandbox/outcome.h), and the actions themselves.
//
// Everything later features fill is here from the start, nullable, so that stores need no migration for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/uuid.h"
#include "sandbox/outcome.h"

namespace sluice {

inline constexpr int kRecordVersion = 1;  // `v`: a release reads its own and the one before

// scheduled ──due──→ queued ──claim──→ running ──finish──→ done
//     ↑                 ↑ lease lost      │
//     └── retry due ────┴─────────────────┴──→ dead
enum class State : uint8_t { kScheduled, kQueued, kRunning, kDone, kDead };

constexpr bool is_finished(State state) { return state == State::kDone || state == State::kDead; }
std::string_view to_string(State state);  // "scheduled", "queued", …

struct Limits {
  Millis timeout{0};          // wall clock of one run; never 0 in a record: the server's limit is filled in
  uint64_t memory_bytes = 0;  // likewise
  bool operator==(const Limits&) const = default;
};

// The plugins that an action may call, by name; absent: all that are configured.
using Allow = std::optional<std::vector<std::string>>;
inline constexpr size_t kMaxAllowed = 64;  // names

// What was asked for. Written once and shared by everyone who handles the invocation, never changed.
struct Submission {
  int v = kRecordVersion;
  Uuid id;
  std::string ns = "default";
  std::string action;
  uint32_t action_version = 0;
  Sha256 code_hash;  // the code that will run, whatever happens to the action in the meantime
  Limits limits;
  Allow allow;  // as the action had it: what is queued keeps it
  std::string queue = "default";
  int priority = 0;
  WallTime created_at{};             // by the clock of who submits it: shown, compared with nothing
  WallTime due_at{};                 // not before; the epoch: at once
  std::string payload;               // the JSON that came, byte for byte; empty: no arguments
  std::optional<Sha256> ikey;        // hash(ns, action, Idempotency-Key)
  std::optional<Uuid> batch_id;
  uint32_t batch_index = 0;
  std::optional<Uuid> parent_id;
  std::string traceparent;

  WallTime wanted_at() const { return due_at > WallTime{} ? due_at : created_at; }
};
using SubmissionPtr = std::shared_ptr<const Submission>;

// Who runs it. The token decides whether a result is accepted.
struct Claim {
  Uuid token;
  std::string runner;
  WallTime at{};
};

struct Attempt {
  uint32_t number = 0;
  WallTime started_at{};
  WallTime ended_at{};
  Outcome outcome = Outcome::kPlatform;
  std::string message;  // at most 256 bytes of it
};

inline constexpr size_t kAttemptHistory = 20;  // the first and the last ones are kept

// Where it stands.
struct Progress {
  State state = State::kQueued;
  std::optional<Outcome> outcome;      // of the last attempt
  WallTime due_at{};                   // of the next attempt
  std::optional<WallTime> started_at;  // of the last attempt
  std::optional<WallTime> ended_at;
  std::optional<WallTime> expires_at;  // when a finished record may be removed
  uint32_t attempt = 0;                // attempts begun that count
  uint32_t deliveries = 0;             // times handed to a runner, whatever came of it
  std::optional<Claim> claim;
  bool cancel_requested = false;
  std::vector<Attempt> history;
};

// A whole invocation, as `find` gives it.
struct Invocation {
  SubmissionPtr submission;
  Progress progress;
  std::shared_ptr<const Report> report;  // null before the first attempt ended
};

inline constexpr uint32_t kMaxConcurrencyCap = 10'000;

// An action's current version.
struct Action {
  std::string ns = "default";
  std::string name;
  uint32_t version = 1;       // rises with each replacement, and goes on rising after delete and create
  Sha256 source_hash;         // of the source alone, as sha256sum prints it
  Sha256 code_hash;           // the key of its Code
  uint64_t stripped_bytes = 0;
  Millis timeout{0};          // as the author gave them; 0: the server's limit
  uint64_t memory_kb = 0;
  uint32_t max_concurrency = 0;  // invocations of it at runners at a time, over the whole fleet; 0: no cap
  Allow allow;
  WallTime created_at{};
  WallTime updated_at{};
};

// Source and bytecode, content-addressed: shared by every version that is the same, removed when neither an action nor an
// unfinished invocation refers to it.
struct CodeRecord {
  Sha256 hash;              // code_hash_of(chunk_name, source)
  std::string chunk_name;   // "hello.lua": part of the hash, since the bytecode contains it
  std::string source;
  std::string bytecode;     // sealed
  uint64_t stripped_bytes = 0;
  std::string lua_tag;      // the Lua build that made the bytecode, and how it is kept: base/seal.h
};
using CodePtr = std::shared_ptr<const CodeRecord>;

Sha256 code_hash_of(std::string_view chunk_name, std::string_view source);

}  // namespace sluice
