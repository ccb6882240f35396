// How fast the pool moves trivial jobs through real workers, and what each costs the loop's thread.
//
//     pool_bench [WORKERS [SECONDS]]
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "sandbox/pool/process_pool.h"

namespace sluice {
namespace {

using sandbox::Execution;
using sandbox::Job;
using sandbox::ProcessPool;

double cpu_seconds() {
  timespec used;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

class Bench {
 public:
  Bench(size_t workers, double seconds)
      : seconds_(seconds), pool_(loop_, clock_, log_, options(workers)) {}

  int run() {
    if (Status status = pool_.start(); !status.ok()) {
      std::fprintf(stderr, "%s\n", status.error().text().c_str());
      return 1;
    }
    pool_.compile({"bench.lua", "function main() return 'fastpath' end"},
                  [this](Result<Bytecode> code) { begin(code); });
    loop_.run();
    return failed_ ? 1 : 0;
  }

 private:
  static sandbox::PoolOptions options(size_t workers) {
    sandbox::PoolOptions options;
    options.worker_path = SLUICE_BIN_DIR "/sluice-sandbox";
    options.workers = workers;
    return options;
  }

  void begin(const Result<Bytecode>& code) {
    if (!code.ok()) return fail(code.error().text());
    job_.ns = "default";
    job_.action = "bench";
    job_.code = std::make_shared<sandbox::Code>(
        sandbox::Code{sha256("bench"), "bench.lua", code.value().bytes});
    job_.payload = std::make_shared<std::string>("{}");
    job_.timeout = Millis(1000);
    job_.memory_bytes = 8 << 20;
    round_trips(2000);
  }

  // One job at a time: what waking a worker and being woken costs.
  void round_trips(int left) {
    const MonoTime start = clock_.mono();
    pool_.run(job_, [this, left, start](const Execution& execution) {
      if (execution.report.outcome != Outcome::kSucceeded) return fail(execution.report.message);
      round_trips_.push_back(
          std::chrono::duration<double, std::micro>(clock_.mono() - start).count());
      if (left > 1) return round_trips(left - 1);
      pool_.on_room([this] { feed(); });
      start_ = clock_.mono();
      cpu_start_ = cpu_seconds();
      feed();
    });
  }

  // As many as the pool has room for, all the time.
  void feed() {
    while (pool_.room() > 0) {
      pool_.run(job_, [this](const Execution& execution) {
        if (execution.report.outcome != Outcome::kSucceeded) fail(execution.report.message);
        if (++done_ % 4096 == 0) look_at_the_clock();
      });
    }
  }

  void look_at_the_clock() {
    const double elapsed = std::chrono::duration<double>(clock_.mono() - start_).count();
    if (elapsed < seconds_ || finished_) return;
    finished_ = true;
    const double cpu = cpu_seconds() - cpu_start_;
    std::sort(round_trips_.begin(), round_trips_.end());
    std::printf(
        "{\"jobs_per_second\": %.0f, \"loop_us_per_job\": %.2f, \"round_trip_p50_us\": %.1f}\n",
        static_cast<double>(done_) / elapsed, cpu * 1e6 / static_cast<double>(done_),
        round_trips_[round_trips_.size() / 2]);
    loop_.stop();
  }

  void fail(const std::string& why) {
    if (!failed_) std::fprintf(stderr, "pool_bench: %s\n", why.c_str());
    failed_ = true;
    loop_.stop();
  }

  const double seconds_;
  SystemClock clock_;
  Log log_{{.level = LogLevel::kWarn}};
  Loop loop_;
  ProcessPool pool_;
  Job job_;
  std::vector<double> round_trips_;
  MonoTime start_{};
  double cpu_start_ = 0;
  size_t done_ = 0;
  bool finished_ = false;
  bool failed_ = false;
};

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  const size_t workers = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1;
  const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 2;
  return sluice::Bench(workers, seconds).run();
}
