// Ring: a pool of real workers on a real loop, where hostile jobs and their neighbours run side by
// side.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "case.h"
#include "sandbox/pool/process_pool.h"

namespace sluice::hostile {

class Ring {
 public:
  // `worker_path` is that of sluice-sandbox.
  Ring(const std::string& worker_path, size_t workers, std::chrono::milliseconds compile_timeout);

  sandbox::ProcessPool& pool() { return *pool_; }
  const Clock& clock() const { return clock_; }
  Loop& loop() { return loop_; }

  Result<std::shared_ptr<const sandbox::Code>> compile(const std::string& name,
                                                       const std::string& source);

  // What became of a job; `at` and `order` tell when its answer came, compared with others.
  struct Ended {
    sandbox::Execution execution;
    MonoTime at{};
    int order = 0;
  };
  using Slot = std::shared_ptr<std::unique_ptr<Ended>>;
  Slot run(std::shared_ptr<const sandbox::Code> code, const Case& limits);

  // Turns the loop until `condition` holds. False after two minutes, which only a hang reaches.
  bool until(const std::function<bool()>& condition);

  // All workers and the spare are there.
  bool wait_until_ready();

  // The neighbour: an action that looks for traces of others and needs little time.
  static const char* witness_source();
  static Case witness_limits();

 private:
  SystemClock clock_;
  Log log_{{.level = LogLevel::kOff}};
  Loop loop_;
  const size_t workers_;
  std::unique_ptr<sandbox::ProcessPool> pool_;
  int answers_ = 0;
};

}  // namespace sluice::hostile
