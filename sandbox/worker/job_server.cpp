#include "sandbox/worker/job_server.h"

#include <time.h>

#include <algorithm>
#include <utility>

namespace sluice::sandbox {
namespace {

// Results leave together, but not all that a full window of offers brings: while half of them is on
// the way and makes room for new offers, the other half runs.
constexpr size_t kSentTogether = wire::kBusySlots / 2;
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
    while (work()) {
      const bool enough = unsent_ >= kSentTogether || out_.waiting() > kFlushBytes;
      if (enough && !flush()) return 0;
    }
    if (fault_ != nullptr) return 3;
    if (!flush()) return 0;
    ticker_.idle();
    if (memory_was_used_ && begun_count_ == 0) {
      vm_.release_memory();
      memory_was_used_ = false;
    }
  }
  return 0;
}

bool JobServer::flush() {
  unsent_ = 0;
  return out_.flush();
}

// In the timer's handler: ends turns and jobs past their time, and lets out what finished before
// the job that runs now, so that nothing waits behind a slow one.
void JobServer::tick(void* self) {
  auto* server = static_cast<JobServer*>(self);
  server->vm_.tick();
  server->out_.flush_from_handler();
}

bool JobServer::work() {
  if (fault_ != nullptr) return false;
  while (begun_count_ > 0) {
    const auto robbed = vm_.robbed();
    if (!robbed) break;
    end(*robbed, Outcome::kOutOfMemory);
  }
  if (ready_.empty()) return next_frame();
  const SlotNumber next = ready_.front();
  ready_.pop_front();
  go_on(next);
  // While somebody is busy, others may have been answered, or be told to end: behind what came with
  // it, or since then.
  if (!ready_.empty()) {
    in_.fill_if_any();
    read_ahead();
  }
  return true;
}

// --- frames ---

// The next in order, unless it wants a slot and none is free: then only news of those that have
// begun can help.
bool JobServer::next_frame() {
  wire::Frame frame;
  if (!kept_.empty()) {
    if (kept_.front().type == wire::Type::kRun && !vm_.free_slot()) return look_for_news();
    Kept& kept = kept_.front();
    kept_body_ = std::move(kept.body);
    frame = {kept.type, kept.slot, kept.sequence, kept_body_, 0};
    kept_.pop_front();
  } else if (in_.next(&frame, &fault_) != wire::Split::kFrame) {
    return false;
  } else if (frame.type == wire::Type::kRun && !vm_.free_slot()) {
    keep(frame);
    return look_for_news();
  }
  fault_ = handle(frame);
  return fault_ == nullptr;
}

bool JobServer::look_for_news() {
  read_ahead();
  return fault_ == nullptr && (!ready_.empty() || vm_.free_slot());
}

void JobServer::keep(const wire::Frame& frame) {
  kept_.push_back({frame.type, frame.slot, frame.sequence, std::string(frame.body)});
}

// Answers and ends are taken out of all that has arrived; the rest keeps its order.
void JobServer::read_ahead() {
  wire::Frame frame;
  while (fault_ == nullptr && in_.next(&frame, &fault_) == wire::Split::kFrame) {
    if (frame.type == wire::Type::kAnswer) {
      fault_ = handle_answer(frame, false);
    } else if (frame.type == wire::Type::kEnd) {
      fault_ = handle_end(frame);
    } else {
      keep(frame);
    }
  }
}

wire::Fault JobServer::handle(const wire::Frame& frame) {
  wire::Fault fault = nullptr;
  switch (frame.type) {
    case wire::Type::kRun: {
      wire::Run request;
      if ((fault = decode(frame, &request)) == nullptr) begin(frame, request);
      return fault;
    }
    case wire::Type::kAnswer:
      return handle_answer(frame, true);
    case wire::Type::kEnd:
      return handle_end(frame);
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

JobServer::Begun* JobServer::begun(const wire::Frame& frame, SlotNumber* number) {
  for (SlotNumber at = 0; at < begun_.size(); ++at) {
    Begun& one = begun_[at];
    if (one.state == Begun::State::kFree || one.slot != frame.slot ||
        one.sequence != frame.sequence)
      continue;
    *number = at;
    return &one;
  }
  return nullptr;
}

wire::Fault JobServer::handle_answer(const wire::Frame& frame, bool go_on_at_once) {
  wire::Answer answer;
  if (wire::Fault fault = decode(frame, &answer)) return fault;
  SlotNumber number = 0;
  Begun* const job = begun(frame, &number);
  if (job == nullptr) return nullptr;  // it ran out of time meanwhile
  if (job->state != Begun::State::kWaiting) return "an answer that nothing waits for";
  if (go_on_at_once) {
    take_turn(number, [&] { return vm_.go_on(number, {answer.ok, answer.text}); });
    return nullptr;
  }
  job->state = Begun::State::kReady;
  job->answered = true;
  job->ok = answer.ok;
  job->answer = answer.text;
  ready_.push_back(number);
  return nullptr;
}

wire::Fault JobServer::handle_end(const wire::Frame& frame) {
  wire::End end;
  if (wire::Fault fault = decode(frame, &end)) return fault;
  SlotNumber number = 0;
  if (begun(frame, &number) == nullptr) return nullptr;  // it has ended already
  this->end(number, end.outcome);
  return nullptr;
}

void JobServer::end(SlotNumber number, Outcome outcome) {
  std::erase(ready_, number);
  take_turn(number, [&] {
    vm_.give_up(number, outcome);
    return Turn::kEnded;
  });
}

// --- turns ---

void JobServer::begin(const wire::Frame& frame, const wire::Run& request) {
  if (!page_.take(frame.slot, frame.sequence)) {
    encode(out_.bytes(), wire::Skipped{}, frame.slot, frame.sequence);
    return;
  }
  const SlotNumber number = *vm_.free_slot();  // next_frame() has looked
  Begun& job = begun_[number];
  job.slot = frame.slot;
  job.sequence = frame.sequence;
  job.began_ns = ns_of(CLOCK_MONOTONIC);
  job.cpu_ns = 0;
  job.answered = false;
  ++begun_count_;
  take_turn(number, [&] {
    return vm_.begin(number, {request.code, request.payload,
                              std::chrono::milliseconds(request.timeout_ms), request.memory_bytes});
  });
}

void JobServer::go_on(SlotNumber number) {
  Begun& job = begun_[number];
  if (!std::exchange(job.answered, false))
    return take_turn(number, [&] { return vm_.go_on(number); });
  const std::string answer = std::exchange(job.answer, {});
  take_turn(number, [&] { return vm_.go_on(number, {job.ok, answer}); });
}

template <class Take>
void JobServer::take_turn(SlotNumber number, Take&& take) {
  Begun& job = begun_[number];
  job.state = Begun::State::kRunning;
  page_.begin(job.slot, job.sequence, job.began_ns, job.cpu_ns, cpu_mark_ns_);
  out_.open_to_handler();
  const Turn turn = take();
  out_.close_to_handler();
  // This clock costs a system call: so a turn's time begins where that of the one before it ended.
  const int64_t cpu_now_ns = ns_of(CLOCK_THREAD_CPUTIME_ID);
  job.cpu_ns += cpu_now_ns - std::exchange(cpu_mark_ns_, cpu_now_ns);
  page_.end(job.slot, job.cpu_ns);
  tell(number, turn);
}

// What came of it.
void JobServer::tell(SlotNumber number, Turn turn) {
  Begun& job = begun_[number];
  switch (turn) {
    case Turn::kSliced:
      job.state = Begun::State::kReady;
      ready_.push_back(number);
      return;

    case Turn::kCalls: {
      const PluginCall& call = vm_.call(number);
      const int64_t running_ns = ns_of(CLOCK_MONOTONIC) - job.began_ns;
      job.state = Begun::State::kWaiting;
      encode(out_.bytes(),
             wire::Call{static_cast<uint64_t>(running_ns / 1'000), call.plugin, call.action,
                        call.payload},
             job.slot, job.sequence);
      ++unsent_;
      return;
    }

    case Turn::kEnded: {
      const RunResult& result = vm_.result(number);
      if (result.memory_peak_bytes > kWorthReleasingBytes || number > 0) memory_was_used_ = true;
      wire::RunResult answer;
      answer.outcome = result.outcome;
      answer.run_time_us = static_cast<uint64_t>(result.run_time.count());
      answer.cpu_time_us = static_cast<uint64_t>(job.cpu_ns / 1'000);
      answer.memory_peak_bytes = result.memory_peak_bytes;
      answer.result = result.result;
      answer.message = result.message;
      answer.traceback = result.traceback;
      answer.logs = result.logs;
      encode(out_.bytes(), answer, job.slot, job.sequence);
      ++unsent_;
      job.state = Begun::State::kFree;
      --begun_count_;
      return;
    }
  }
}

}  // namespace sluice::sandbox
