// A worker that stands in for sluice-sandbox where jobs are to wait without using the CPU, which no
// Lua can do by itself: it speaks the worker's side of sandbox/wire, takes one job after the other,
// and answers each kWait after it was taken, whatever its code, with its payload as the result. It
// is confined by nothing: for bench/fleet alone.
//
//     sluice-sleeping-worker run PARENT_PID …   as sluice-sandbox is started
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "sandbox/vm/vm.h"
#include "sandbox/wire/control_page.h"
#include "sandbox/wire/frame.h"
#include "sandbox/worker/in_buffer.h"
#include "sandbox/worker/out_buffer.h"

namespace sluice::sandbox {
namespace {

constexpr std::chrono::milliseconds kWait{20};

int64_t monotonic_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class Sleeper {
 public:
  explicit Sleeper(wire::ControlPage& page)
      : page_(page), in_(wire::kChannelFd), out_(wire::kChannelFd) {}

  int serve() {
    encode(out_.bytes(), wire::Hello{lua_tag(), {}});
    if (!out_.flush()) return 0;
    while (in_.fill()) {
      wire::Frame frame;
      wire::Fault fault = nullptr;
      while (in_.next(&frame, &fault) == wire::Split::kFrame) {
        if (frame.type != wire::Type::kRun) continue;  // code is not needed to sleep
        wire::Run request;
        if ((fault = decode(frame, &request)) != nullptr) break;
        run(frame, request);
        if (!out_.flush()) return 0;
      }
      if (fault != nullptr) return 3;
    }
    return 0;
  }

 private:
  void run(const wire::Frame& frame, const wire::Run& request) {
    if (!page_.take(frame.slot, frame.sequence))
      return encode(out_.bytes(), wire::Skipped{}, frame.slot, frame.sequence);
    page_.begin(frame.slot, frame.sequence, monotonic_ns(), 0, 0);
    std::this_thread::sleep_for(kWait);
    page_.end(frame.slot, 0);
    wire::RunResult answer;
    answer.outcome = Outcome::kSucceeded;
    answer.run_time_us = std::chrono::microseconds(kWait).count();
    answer.result = request.payload;
    encode(out_.bytes(), answer, frame.slot, frame.sequence);
  }

  wire::ControlPage& page_;
  InBuffer in_;
  OutBuffer out_;
};

int run_jobs() {
  void* const mapped = mmap(nullptr, wire::kControlPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                            wire::kControlPageFd, 0);
  if (mapped == MAP_FAILED) return 1;
  return Sleeper(*static_cast<wire::ControlPage*>(mapped)).serve();
}

}  // namespace
}  // namespace sluice::sandbox

int main(int argc, char** argv) {
  if (argc < 3 || std::string_view(argv[1]) != "run") {
    std::fprintf(stderr, "sluice-sleeping-worker is started by a runner, for bench/fleet.\n");
    return 2;
  }
  // As the real one: it ends with its parent or its channel, not with the terminal's signals.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != std::atoi(argv[2])) return 1;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) std::signal(signal, SIG_IGN);
  return sluice::sandbox::run_jobs();
}
