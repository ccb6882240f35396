// SIGTERM and SIGINT: end as told.
#pragma once

#include <uv.h>

#include <functional>

#include "base/loop.h"

namespace sluice {

// Calls back when the process is told to end; a second signal ends it at once, with 128 + its
// number.
class EndSignals {
 public:
  EndSignals(Loop& loop, std::function<void()> on_end);
  ~EndSignals();
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

 private:
  void on_signal(int number);

  std::function<void()> on_end_;
  uv_signal_t* handles_[2];  // freed by libuv's close callback
  bool ending_ = false;
};

}  // namespace sluice
