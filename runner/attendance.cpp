#include "runner/attendance.h"

#include <utility>

namespace sluice::runner {

Attendance::Attendance(Queue& queue, const Runner& runner, Log& log, RunnerInfo self)
    : queue_(queue), runner_(runner), log_(log), self_(std::move(self)) {}

void Attendance::tick() {
  if (gone_) return;
  self_.running = static_cast<uint32_t>(runner_.running());
  queue_.heartbeat(self_);
  queue_.rescue([this](const Result<size_t>& rescued) {
    if (rescued.ok() && *rescued > 0)
      log_.warn("Took back {} jobs that a runner held which is gone", *rescued);
  });
}

void Attendance::leave(std::function<void()> done) {
  gone_ = true;
  queue_.leave(self_.name, std::move(done));
}

}  // namespace sluice::runner
