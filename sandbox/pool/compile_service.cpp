#include "sandbox/pool/compile_service.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "sandbox/wire/frame.h"

namespace sluice::sandbox {
namespace {

constexpr std::chrono::milliseconds kReadyTime{10'000};  // until it must have said hello

Error stopping() {
  return Error{sluice::Code::kUnavailable, "compile", "the server is stopping"};
}

}  // namespace

// One source in its process.
class CompileService::Run final : private Channel::Reader {
 public:
  Run(CompileService& service, ChildProcess child, Source source, Done done)
      : service_(service),
        child_(std::move(child)),
        channel_(service.loop_, child_.take_channel(), service.space_, *this),
        limit_(service.loop_),
        chunk_name_(source.chunk_name),
        done_(std::move(done)) {
    encode(channel_.out(),
           wire::Compile{kCompileMemoryBytes,
                         std::string_view(source.chunk_name).substr(0, wire::kMaxNameBytes),
                         source.text});
    channel_.flush();
    limit_.once(kReadyTime, [this] {
      end(Error{sluice::Code::kUnavailable, "compile",
                "the compiler (" + service_.options_.path + ") did not get ready in time"});
    });
  }

  Done take_done() { return std::move(done_); }

 private:
  size_t on_bytes(std::string_view bytes) override {
    wire::Frame frame;
    wire::Fault fault = nullptr;
    size_t used = 0;
    while (wire::split(bytes.substr(used), &frame, &fault) == wire::Split::kFrame) {
      used += frame.total_bytes;
      fault = handle(frame);
      if (fault != nullptr) break;
      if (channel_.closed()) return bytes.size();
    }
    if (fault != nullptr)
      end(Error{sluice::Code::kInternal, "compile",
                std::string("the compiler broke the protocol: ") + fault});
    return used;
  }

  wire::Fault handle(const wire::Frame& frame) {
    if (!ready_) {
      wire::Hello hello;
      if (frame.type != wire::Type::kHello) return "it did not say hello";
      ready_ = true;
      limit_compilation();
      return decode(frame, &hello);
    }
    if (frame.type != wire::Type::kCompiled) return "the frame is not a compiler's";
    wire::Compiled compiled;
    if (wire::Fault fault = decode(frame, &compiled)) return fault;
    if (compiled.ok) {
      end(Bytecode{std::string(compiled.bytecode), compiled.stripped_bytes,
                   std::string(compiled.lua_tag)});
    } else {
      end(Error{sluice::Code::kInvalid, "compile", std::string(compiled.message)});
    }
    return nullptr;
  }

  void limit_compilation() {
    limit_.once(service_.options_.timeout, [this] {
      const auto ms = std::to_string(service_.options_.timeout.count());
      end(Error{sluice::Code::kInvalid, "compile",
                chunk_name_ + ": compiling took longer than " + ms + " ms"});
    });
  }

  // Once it was ready the source is to blame: a healthy compiler answers before it ends. But not
  // when somebody killed it, say the system for want of memory: its own is bounded.
  void on_end() override {
    const std::string how = child_.reap();
    if (ready_ && child_.ending_signal() == SIGKILL)
      end(Error{sluice::Code::kUnavailable, "compile",
                chunk_name_ + ": the compiler " + how + "; try again"});
    else if (ready_)
      end(Error{sluice::Code::kInvalid, "compile",
                chunk_name_ + ": the compiler " + how + " on this source"});
    else
      end(Error{sluice::Code::kUnavailable, "compile",
                "the compiler (" + service_.options_.path + ") " + how + " before it was ready"});
  }

  void end(Result<Bytecode> result) {
    channel_.close();
    limit_.stop();
    child_.kill();
    service_.finished(*this, std::move(result));
  }

  CompileService& service_;
  ChildProcess child_;
  Channel channel_;
  Timer limit_;
  const std::string chunk_name_;
  bool ready_ = false;  // it has said hello: it is confined, and compiles
  Done done_;
};

CompileService::CompileService(Loop& loop, Options options)
    : loop_(loop), options_(std::move(options)) {}

CompileService::~CompileService() = default;

void CompileService::compile(Source source, Done done) {
  if (stopped_) return answer_later(std::move(done), stopping());
  if (source.text.size() > kMaxSourceBytes)
    return answer_later(
        std::move(done),
        Error{sluice::Code::kInvalid, "compile",
              source.chunk_name + ": the source is " + std::to_string(source.text.size()) +
                  " bytes long, the limit is " + std::to_string(kMaxSourceBytes)});
  if (waiting_.size() >= options_.waiting)
    return answer_later(std::move(done), Error{sluice::Code::kFull, "compile",
                                               "too many sources wait to be compiled; try again"});
  waiting_.push_back({std::move(source), std::move(done)});
  start_waiting();
}

void CompileService::start_waiting() {
  while (!stopped_ && !waiting_.empty() && running_.size() < options_.at_once) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    auto child = ChildProcess::start(options_.path, {"compile", std::to_string(getpid())}, nullptr);
    if (!child.ok()) {
      Error error = child.error();
      answer_later(std::move(next.done), Error{sluice::Code::kUnavailable, "compile",
                                               "no compiler could be started: " + error.text()});
      continue;
    }
    running_.push_back(std::make_unique<Run>(*this, std::move(*child), std::move(next.source),
                                             std::move(next.done)));
  }
}

void CompileService::finished(Run& run, Result<Bytecode> result) {
  answer_later(run.take_done(), std::move(result));
  // The run is on the stack: it is destroyed later, which also reaps its process.
  loop_.post([this, alive = std::weak_ptr<int>(life_), ended = &run] {
    if (alive.expired()) return;
    std::erase_if(running_, [&](const auto& owned) { return owned.get() == ended; });
    start_waiting();
  });
}

void CompileService::answer_later(Done done, Result<Bytecode> result) {
  if (done == nullptr) return;
  loop_.post([done = std::move(done), result = std::make_shared<Result<Bytecode>>(
                                          std::move(result))] { done(std::move(*result)); });
}

void CompileService::stop() {
  stopped_ = true;
  for (Waiting& waiting : waiting_) answer_later(std::move(waiting.done), stopping());
  waiting_.clear();
  for (auto& run : running_) answer_later(run->take_done(), stopping());
  running_.clear();
}

}  // namespace sluice::sandbox
