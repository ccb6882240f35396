#include "apps/sluice/end_signals.h"

#include <unistd.h>

#include <csignal>
#include <utility>

namespace sluice {

EndSignals::EndSignals(Loop& loop, std::function<void()> on_end) : on_end_(std::move(on_end)) {
  for (size_t i = 0; i < 2; ++i) {
    handles_[i] = new uv_signal_t;
    uv_signal_init(loop.uv(), handles_[i]);
    handles_[i]->data = this;
    uv_signal_start(
        handles_[i],
        [](uv_signal_t* handle, int number) {
          static_cast<EndSignals*>(handle->data)->on_signal(number);
        },
        i == 0 ? SIGTERM : SIGINT);
  }
}

EndSignals::~EndSignals() {
  for (uv_signal_t* handle : handles_) {
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<uv_signal_t*>(closed); });
  }
}

void EndSignals::on_signal(int number) {
  if (ending_) _exit(128 + number);
  ending_ = true;
  on_end_();
}

}  // namespace sluice
