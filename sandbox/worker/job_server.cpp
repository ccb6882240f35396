#include "sandbox/worker/job_server.h"

#include <time.h>

#include <utility>

namespace sluice::sandbox {
namespace {

// Results leave together, but not all that a full window of offers brings: while half of them is on
// the way and makes room for new offers, the other half runs.
constexpr size_t kResultsTogether = wire::kSlots / 2;
constexpr size_t kFlushBytes = 64 << 10;
constexpr uint64_t kWorthReleasingBytes = 1 << 20;

int64_t ns_of(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

JobServer::JobServer(int channel, wire::ControlPage& page, Vm& vm)
    : page_(page), vm_(vm), in_(channel), out_(channel), ticker_(&JobServer::tick, this) {}

Status JobServer::prepare() {
  return ticker_.prepare();
}

int JobServer::serve(const Layers& layers) {
  encode(out_.bytes(), wire::Hello{lua_tag(), layers});
  if (!flush()) return 0;
  while (in_.fill()) {
    cpu_mark_ns_ = ns_of(CLOCK_THREAD_CPUTIME_ID);
    ticker_.busy();
    wire::Frame frame;
    wire::Fault fault = nullptr;
    while (in_.next(&frame, &fault) == wire::Split::kFrame) {
      fault = handle(frame);
      if (fault != nullptr) break;
      const bool enough = unsent_results_ >= kResultsTogether || out_.waiting() > kFlushBytes;
      if (enough && !flush()) return 0;
    }
    if (fault != nullptr) return 3;
    if (!flush()) return 0;
    ticker_.idle();
    if (memory_was_used_) {
      vm_.release_memory();
      memory_was_used_ = false;
    }
  }
  return 0;
}

bool JobServer::flush() {
  unsent_results_ = 0;
  return out_.flush();
}

// In the timer's handler: ends a job past its time, and lets out what finished before the job that
// runs now, so that nothing waits behind a slow one.
void JobServer::tick(void* self) {
  auto* server = static_cast<JobServer*>(self);
  server->vm_.tick();
  server->out_.flush_from_handler();
}

wire::Fault JobServer::handle(const wire::Frame& frame) {
  wire::Fault fault = nullptr;
  switch (frame.type) {
    case wire::Type::kRun: {
      wire::Run request;
      if ((fault = decode(frame, &request)) == nullptr) run(frame, request);
      return fault;
    }
    case wire::Type::kLoad: {
      wire::Load load;
      if ((fault = decode(frame, &load)) == nullptr)
        vm_.load(load.code, std::string(load.chunk_name), std::string(load.bytecode));
      return fault;
    }
    case wire::Type::kUnload: {
      wire::Unload unload;
      if ((fault = decode(frame, &unload)) == nullptr) vm_.unload(unload.code);
      return fault;
    }
    default:
      return "the frame is not for a worker that runs jobs";
  }
}

void JobServer::run(const wire::Frame& frame, const wire::Run& request) {
  if (!page_.take(frame.slot, frame.sequence)) {
    encode(out_.bytes(), wire::Skipped{}, frame.slot, frame.sequence);
    return;
  }
  page_.begin(frame.slot, frame.sequence, ns_of(CLOCK_MONOTONIC));
  out_.open_to_handler();
  const RunResult result =
      vm_.run({request.code, request.payload, std::chrono::milliseconds(request.timeout_ms),
               request.memory_bytes});
  out_.close_to_handler();
  page_.end();
  // This clock costs a system call: so a job's time begins where that of the one before it ended.
  const int64_t cpu_now_ns = ns_of(CLOCK_THREAD_CPUTIME_ID);
  const int64_t cpu_ns = cpu_now_ns - std::exchange(cpu_mark_ns_, cpu_now_ns);

  if (result.memory_peak_bytes > kWorthReleasingBytes) memory_was_used_ = true;
  wire::RunResult answer;
  answer.outcome = result.outcome;
  answer.run_time_us = static_cast<uint64_t>(result.run_time.count());
  answer.cpu_time_us = static_cast<uint64_t>(cpu_ns / 1'000);
  answer.memory_peak_bytes = result.memory_peak_bytes;
  answer.result = result.result;
  answer.message = result.message;
  answer.traceback = result.traceback;
  answer.logs = result.logs;
  encode(out_.bytes(), answer, frame.slot, frame.sequence);
  ++unsent_results_;
}

}  // namespace sluice::sandbox
