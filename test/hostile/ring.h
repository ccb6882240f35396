// Ring: a pool of real workers on a real loop, where hostile jobs and their neighbours run side by
// side.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "case.h"
#include "sandbox/pool/process_pool.h"

namespace sluice::hostile {

// What answers the calls of jobs, by the plugin's name:
//
//     never    nothing; the job has to be given up
//     fails    the payload as an error's message, or what stands behind "fails "
//     bytes    an error whose message is not UTF-8
//     large    a text as long as an answer may be
//     deep     arrays within arrays, more than a value may have
//     broken   text that is not JSON
//     any other: the payload
class Plugins final : public sandbox::CallServer {
 public:
  explicit Plugins(Loop& loop) : loop_(loop) {}

  void call(const sandbox::Job& job, const sandbox::Call& call,
            std::function<void(sandbox::Answer)> done) override;
  void hang_up(const sandbox::Job& job) override { waiting_.erase(&job); }

  size_t waiting() const { return waiting_.size(); }

 private:
  Loop& loop_;
  std::multiset<const sandbox::Job*> waiting_;  // for nothing
};

class Ring {
 public:
  // `worker_path` is that of sluice-sandbox.
  Ring(const std::string& worker_path, size_t workers, std::chrono::milliseconds compile_timeout);

  ~Ring();

  sandbox::ProcessPool& pool() { return *pool_; }
  // Jobs that wait for a plugin, as the pool sees it and as the plugins do.
  size_t calls_left() const { return pool_->waiting() + plugins_.waiting(); }
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
  Plugins plugins_{loop_};
  std::unique_ptr<sandbox::ProcessPool> pool_;
  int answers_ = 0;
};

}  // namespace sluice::hostile
