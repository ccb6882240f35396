// A pool with real worker processes on a real loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "sandbox/pool/process_pool.h"

namespace sluice::test {

// CPU time that a process has used, in clock ticks.
long cpu_ticks(pid_t pid);

class PoolFixture {
 public:
  PoolFixture() : PoolFixture(defaults(2)) {}
  explicit PoolFixture(sandbox::PoolOptions options);
  ~PoolFixture();

  static sandbox::PoolOptions defaults(size_t workers);  // with the real sluice-sandbox

  sandbox::ProcessPool& pool() { return *pool_; }
  Loop& loop() { return loop_; }

  // Compiles a source once and keeps it.
  std::shared_ptr<const sandbox::Code> code(const std::string& source);

  // A job of this source with a limit of 2 s and 16 MiB.
  sandbox::Job job(const std::string& source, const std::string& payload = "");

  // Gives the job to the pool; what became of it appears at the returned place.
  using Slot = std::shared_ptr<std::unique_ptr<sandbox::Execution>>;
  Slot run(sandbox::Job job);

  // Runs a job to its end.
  sandbox::Execution result_of(sandbox::Job job);

  // Turns the loop until `condition` holds. False after a minute, which only a hang reaches.
  bool until(const std::function<bool()>& condition);

 private:
  SystemClock clock_;
  Log log_{{.level = LogLevel::kOff}};
  Loop loop_;
  std::unique_ptr<sandbox::ProcessPool> pool_;
  std::vector<std::pair<std::string, std::shared_ptr<const sandbox::Code>>> codes_;
};

}  // namespace sluice::test
