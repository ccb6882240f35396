// Clocks are injected, so that tests can drive them.
//
// Two kinds of time, never mixed: WallTime is what people and records see (UTC, milliseconds),
// MonoTime measures durations and deadlines within this process.
#pragma once

#include <chrono>

namespace sluice {

using Millis = std::chrono::milliseconds;
using Micros = std::chrono::microseconds;
using WallTime = std::chrono::sys_time<Millis>;
using MonoTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonoTime mono() const = 0;
};

// The machine's clocks. Safe from any thread.
class SystemClock final : public Clock {
 public:
  WallTime wall() const override {
    return std::chrono::floor<Millis>(std::chrono::system_clock::now());
  }
  MonoTime mono() const override { return std::chrono::steady_clock::now(); }
};

// Stands still until told otherwise; for tests. Not thread-safe: drive it from the thread that
// reads it.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime(Millis(1'700'000'000'000))) : wall_(start) {}
  WallTime wall() const override { return wall_; }
  MonoTime mono() const override { return mono_; }

  void advance(Millis by) {
    wall_ += by;
    mono_ += by;
  }

 private:
  WallTime wall_;
  MonoTime mono_{};
};

}  // namespace sluice
