#include "sandbox/pool/compile_service.h"

#include <unistd.h>

#include <algorithm>

#include "sandbox/wire/frame.h"

namespace sluice::sandbox {
namespace {

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
    limit_.once(service.options_.timeout, [this] {
      const auto ms = std::to_string(service_.options_.timeout.count());
      end(Error{sluice::Code::kInvalid, "compile",
                chunk_name_ + ": compiling took longer than " + ms + " ms"});
    });
  }

  Done take_done() { return std::move(done_); }

 private:
  size_t on_bytes(std::string_view bytes) override {
    wire::Frame frame;
    wire::Fault fault = nullptr;
    const wire::Split split = wire::split(bytes, &frame, &fault);
    if (split == wire::Split::kIncomplete) return 0;

    wire::Compiled compiled;
    if (split == wire::Split::kFrame) {
      fault = frame.type == wire::Type::kCompiled ? decode(frame, &compiled)
                                                  : "the frame is not a compiler's";
    }
    if (fault != nullptr) {
      end(Error{sluice::Code::kInternal, "compile",
                std::string("the compiler broke the protocol: ") + fault});
    } else if (compiled.ok) {
      end(Bytecode{std::string(compiled.bytecode), compiled.stripped_bytes,
                   std::string(compiled.lua_tag)});
    } else {
      end(Error{sluice::Code::kInvalid, "compile", std::string(compiled.message)});
    }
    return bytes.size();
  }

  // The source is to blame: a healthy compiler answers before it ends.
  void on_end() override {
    const std::string how = child_.reap();
    end(Error{sluice::Code::kInvalid, "compile",
              chunk_name_ + ": the compiler " + how + " on this source"});
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
