// The protocol between the pool (the server) and a worker (`sluice-sandbox`).
//
// They talk over one stream socket in frames: a header of 16 bytes, then `length` bytes of body.
// Both ends are built together and run on one machine, so numbers are in its byte order; a string
// is a u32 length and its bytes.
//
//     u32 length | u8 version | u8 type | u16 slot | u64 sequence | body …
//
//     type       direction  slot, sequence   body
//     Hello      → pool     0, 0             str lua_tag, u8 layers,
//                                            each: str name, u8 in_force, str detail
//     Load       → worker   0, 0             u32 code, str chunk_name, str bytecode
//     Unload     → worker   0, 0             u32 code
//     Run        → worker   of the offer     u32 code, u32 timeout_ms, u64 memory_bytes,
//                                            str action, payload
//     Result     → pool     of the offer     u8 outcome, u64 run_time_us, cpu_time_us,
//                                            memory_peak_bytes,
//                                            str result, message, traceback, logs
//     Skipped    → pool     of the offer     (empty) the offer was found revoked
//     Call       → pool     of the offer     u64 running_us, str plugin, action, payload
//     Answer     → worker   of the offer     u8 ok, str text
//     End        → worker   of the offer     u8 outcome
//     Compile    → worker   0, 0             u64 memory_bytes, str chunk_name, str text
//     Compiled   → pool     0, 0             u8 ok, u64 stripped_bytes,
//                                            str lua_tag, bytecode, message
//
// A worker says Hello once it is confined, and handles what it is sent in the order of arrival.
// Every Run is answered by one Result or one Skipped, which name its slot and sequence. In between
// it may have made calls, one at a time: after a Call the worker waits for its Answer, and meanwhile
// runs others. Answer and End overtake what is not begun. End has an offer end soon, with a Result
// as usual, wherever it is; one that has ended already is none of its business. Sequences
// are never used twice, so a slot can be used again at once. A worker started for compiling says
// Hello too, serves one Compile and ends.
//
// Nothing the pool reads is trusted: a frame of the wrong version, type or size, and one that
// answers nothing outstanding, ends the worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sandbox/layers.h"
#include "sandbox/limits.h"
#include "sandbox/outcome.h"

namespace sluice::sandbox::wire {

inline constexpr uint8_t kVersion = 3;
inline constexpr size_t kHeaderBytes = 16;
inline constexpr size_t kMaxNameBytes = 1024;  // chunk names, actions, tags
inline constexpr size_t kMaxPluginNameBytes = 256;  // and of its action
inline constexpr size_t kMaxPayloadBytes = 16 << 20;
inline constexpr size_t kLogMarkBytes = 64;  // room for the mark behind logs that were cut

enum class Type : uint8_t {
  kHello = 1,
  kLoad,
  kUnload,
  kRun,
  kResult,
  kSkipped,
  kCompile,
  kCompiled,
  kCall,
  kAnswer,
  kEnd,
};

// What is wrong with received bytes, as a constant text for the log; null: nothing.
using Fault = const char*;

struct Frame {
  Type type{};
  uint16_t slot = 0;
  uint64_t sequence = 0;
  std::string_view body;
  size_t total_bytes = 0;  // header included: where the next frame begins
};

enum class Split { kFrame, kIncomplete, kBad };

// Takes the first frame off `bytes`. A header is judged as soon as it is there, so that a bad
// length is never waited for. kBad sets `fault`.
Split split(std::string_view bytes, Frame* frame, Fault* fault);

// The messages. Views point into the frame they were decoded from, or into what the caller of
// encode owns.
struct Hello {
  std::string_view lua_tag;
  Layers layers;  // that confine it, as far as it applied them itself
};
struct Load {
  uint32_t code = 0;
  std::string_view chunk_name;
  std::string_view bytecode;
};
struct Unload {
  uint32_t code = 0;
};
struct Run {
  uint32_t code = 0;
  uint32_t timeout_ms = 0;
  uint64_t memory_bytes = 0;
  std::string_view action;
  std::string_view payload;
};
struct RunResult {
  Outcome outcome = Outcome::kPlatform;
  uint64_t run_time_us = 0;
  uint64_t cpu_time_us = 0;
  uint64_t memory_peak_bytes = 0;
  std::string_view result;
  std::string_view message;
  std::string_view traceback;
  std::string_view logs;
};
struct Skipped {};
struct Call {
  uint64_t running_us = 0;  // since it began
  std::string_view plugin;
  std::string_view action;
  std::string_view payload;
};
struct Answer {
  bool ok = false;
  std::string_view text;
};
struct End {
  Outcome outcome = Outcome::kTimedOut;  // or cancelled
};
struct Compile {
  uint64_t memory_bytes = 0;
  std::string_view chunk_name;
  std::string_view text;
};
struct Compiled {
  bool ok = false;
  uint64_t stripped_bytes = 0;
  std::string_view lua_tag;
  std::string_view bytecode;
  std::string_view message;
};

// Appends one frame to `out`.
void encode(std::string& out, const Hello& message);
void encode(std::string& out, const Load& message);
void encode(std::string& out, const Unload& message);
void encode(std::string& out, const Run& message, uint16_t slot, uint64_t sequence);
void encode(std::string& out, const RunResult& message, uint16_t slot, uint64_t sequence);
void encode(std::string& out, const Skipped& message, uint16_t slot, uint64_t sequence);
void encode(std::string& out, const Call& message, uint16_t slot, uint64_t sequence);
void encode(std::string& out, const Answer& message, uint16_t slot, uint64_t sequence);
void encode(std::string& out, const End& message, uint16_t slot, uint64_t sequence);
void encode(std::string& out, const Compile& message);
void encode(std::string& out, const Compiled& message);

// Reads a body and checks all of it: every length, every bound, every enum, no byte left over.
Fault decode(const Frame& frame, Hello* message);
Fault decode(const Frame& frame, Load* message);
Fault decode(const Frame& frame, Unload* message);
Fault decode(const Frame& frame, Run* message);
Fault decode(const Frame& frame, RunResult* message);
Fault decode(const Frame& frame, Skipped* message);
Fault decode(const Frame& frame, Call* message);
Fault decode(const Frame& frame, Answer* message);
Fault decode(const Frame& frame, End* message);
Fault decode(const Frame& frame, Compile* message);
Fault decode(const Frame& frame, Compiled* message);

}  // namespace sluice::sandbox::wire
