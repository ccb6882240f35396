// The bounds of one invocation that no configuration lifts. Everything a worker sends is checked against
// them on arrival, as untrusted bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sluice::sandbox {

inline constexpr size_t kMaxResultBytes = 1 << 20;        // JSON text; more is outcome failed
inline constexpr size_t kMaxCallBytes = kMaxResultBytes;  // of a plugin call's payload, as JSON text
inline constexpr size_t kMaxAnswerBytes = 1 << 20;        // of what comes back, JSON or message
inline constexpr size_t kMaxLogBytes = 64 << 10;          // then a mark: "… (cut)"
inline constexpr size_t kMaxMessageBytes = 8 << 10;       // errors, cut on a character's border
inline constexpr size_t kMaxTracebackBytes = 8 << 10;
inline constexpr size_t kMaxResultDepth = 64;             // nested tables in a result
inline constexpr size_t kMaxSourceBytes = 512 << 10;      // of one action
inline constexpr size_t kMaxBytecodeBytes = 8 << 20;
inline constexpr uint64_t kMaxMemoryBytes = 1ull << 30;   // the highest memory limit a server may offer

// Of all invocations in a worker, in the highest limit of one: those that wait may hold as much again as the one that runs.
inline constexpr uint64_t kTotalMemoryFactor = 2;

inline constexpr std::chrono::milliseconds kKillGrace{30};      // past its limit, before the worker is killed
inline constexpr std::chrono::milliseconds kCompileTimeout{5'000};
inline constexpr uint64_t kCompileMemoryBytes = 128ull << 20;

}  // namespace sluice::sandbox
