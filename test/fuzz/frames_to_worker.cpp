// The frames that a worker is sent: garbage and frames that are right in form, mixed with real
// work. Whatever comes, what goes out is frames that the pool can read, one answer for each Run but
// those that wait for a plugin when the channel ends, and no call while another one waits.
//
// The first byte says which worker: the one that runs jobs, or the one that compiles. Bytecode that
// the fuzzer made up is not run: Lua does not check it, and the pool sends only what it has
// authenticated.
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <set>
#include <thread>

#include "bytes.h"
#include "check.h"
#include "sandbox/pool/child_process.h"
#include "sandbox/pool/result_check.h"
#include "sandbox/worker/compile_once.h"
#include "sandbox/worker/job_server.h"

namespace sluice::fuzz {
namespace {

using namespace sandbox;

constexpr uint64_t kMemoryBytes = 4 << 20;
constexpr SlotNumber kVmSlots = 8;  // few, so that some offers find none

const std::array<std::string, 12>& bytecodes() {
  static const auto made = [] {
    const char* const sources[] = {
        "function main(a) return a end",
        "function main(a) print(a.n) return {n = #tostring(a)} end",
        "function main(a) error(a) end",
        "function main() local t = {} for i = 1, 1e9 do t[i] = i end end",
        "error('no')",
        "x = 1",
        "function main(a) return call('p', 'a', a) end",
        "function main(a) while true do print(pcall(call, 'p', 'a', {a})) end end",
        "function main(a) return (('abc'):gsub('.', function(c) return call('p', c).n end)) end",
        "function main(a) local t = {3, 1, 2, 5, 4} table.sort(t, function(x, y) return call('p', "
        "'a', "
        "{x, y}) end) return t end",
        "function main(a) local f = coroutine.wrap(function() for i = 1, 3 do "
        "coroutine.yield(call('p', "
        "'a', i)) end error(call('p', 'b')) end) return {f(), f(), f(), f()} end",
        "function main(a) local t = {} for i = 1, 9 do t[i] = ('x'):rep(1e5 * i) call('p', 'a') "
        "end "
        "while true do end end",
    };
    std::array<std::string, 12> all;
    for (size_t i = 0; i < all.size(); ++i) {
      auto code = compile({"a.lua", sources[i]}, kCompileMemoryBytes);
      check(code.ok(), "a source does not compile", sources[i]);
      all[i] = std::move(code->bytes);
    }
    return all;
  }();
  return made;
}

const Layers& layers() {
  static const Layers one{{"no new privileges", true, "for good"}};
  return one;
}

// Both ends of a worker's channel, and a thread that reads what the worker says.
class Wire {
 public:
  Wire() {
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "no socket pair");
    pool_ = Fd(ends[0]);
    worker_ = Fd(ends[1]);
  }
  int worker() const { return worker_.get(); }

  void start(std::string_view bytes) {
    // The worker's timer must find the thread that runs its code.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    talker_ = std::thread([this, bytes] {
      for (std::string_view rest = bytes; !rest.empty();) {
        const ssize_t n = send(pool_.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) rest.remove_prefix(static_cast<size_t>(n));
        if (n < 0 && errno != EAGAIN) break;
        if (!rest.empty()) hear(MSG_DONTWAIT);
      }
      shutdown(pool_.get(), SHUT_WR);
      while (hear(0)) {
      }
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  const std::string& finish() {
    worker_.reset();
    talker_.join();
    return heard_;
  }

 private:
  bool hear(int flags) {
    char read[16 << 10];
    const ssize_t n = recv(pool_.get(), read, sizeof read, flags);
    if (n > 0) heard_.append(read, static_cast<size_t>(n));
    return n > 0;
  }

  Fd pool_, worker_;
  std::thread talker_;
  std::string heard_;
};

uint16_t slot_of(uint64_t sequence) {
  return static_cast<uint16_t>((sequence - 1) % wire::kSlots);
}

// One of the last that were offered, mostly.
uint64_t earlier(Bytes& script, uint64_t last) {
  const uint8_t back = script.byte();
  return last > back % 16 ? last - back % 16 : 1 + back;
}

struct Asked {
  std::string bytes;
  size_t runs = 0;  // in well-formed frames before the first fault
};

// What is sent: pieces of the input, and frames that make sense.
Asked letter(Bytes& script, wire::ControlPage& page) {
  Asked asked;
  std::string& out = asked.bytes;
  uint64_t sequence = 0;
  while (!script.empty() && out.size() < (64 << 10)) {
    switch (script.byte() % 11) {
      case 0:
        out += script.text();
        break;
      case 1:
        encode(out, wire::Unload{script.byte() % 4u});
        break;
      case 2: {
        const auto& bytecode = bytecodes()[script.byte() % bytecodes().size()];
        encode(out, wire::Load{script.byte() % 4u, script.text(), bytecode});
        break;
      }
      case 3:  // no bytecode at all
        encode(out, wire::Load{script.byte() % 4u, "a.lua", script.text()});
        break;
      case 4: {  // of any type and body
        const std::string_view body = script.text();
        encode(out, wire::Skipped{}, script.byte(), script.byte());
        const auto length = static_cast<uint32_t>(body.size());
        std::memcpy(out.data() + out.size() - wire::kHeaderBytes, &length, sizeof length);
        out[out.size() - wire::kHeaderBytes + 5] = static_cast<char>(script.byte());
        out += body;
        break;
      }
      case 8: {
        const uint64_t to = earlier(script, sequence);
        const bool ok = script.byte() & 1;
        encode(out, wire::Answer{ok, script.text()}, slot_of(to), to);
        break;
      }
      case 9: {
        const uint64_t to = earlier(script, sequence);
        const Outcome outcome = script.byte() & 1 ? Outcome::kCancelled : Outcome::kTimedOut;
        encode(out, wire::End{outcome}, slot_of(to), to);
        break;
      }
      case 10:  // all that may wait are answered at once
        for (uint64_t to = sequence > 16 ? sequence - 16 : 1; to <= sequence; ++to)
          encode(out, wire::Answer{true, R"({"n":"x"})"}, slot_of(to), to);
        break;
      default: {
        const uint8_t how = script.byte();
        const uint16_t slot = slot_of(++sequence);
        if (sequence <= wire::kSlots) {
          page.offer(slot, sequence);
          if (how & 0x80) page.revoke(slot, sequence);
        }
        encode(out, wire::Run{how % 4u, 10'000, uint64_t{script.byte()} << 14, "a", script.text()},
               slot, sequence);
        break;
      }
    }
  }
  // What the worker will make of it.
  std::string_view rest = out;
  wire::Frame frame;
  wire::Fault fault = nullptr;
  while (wire::split(rest, &frame, &fault) == wire::Split::kFrame) {
    rest.remove_prefix(frame.total_bytes);
    wire::Run run;
    wire::Load load;
    wire::Unload unload;
    wire::Answer answer;
    wire::End end;
    if (frame.type == wire::Type::kRun) {
      if (decode(frame, &run) != nullptr) break;
      ++asked.runs;
    } else if (frame.type == wire::Type::kUnload) {
      if (decode(frame, &unload) != nullptr) break;
    } else if (frame.type == wire::Type::kAnswer) {
      if (decode(frame, &answer) != nullptr) break;
    } else if (frame.type == wire::Type::kEnd) {
      if (decode(frame, &end) != nullptr) break;
    } else if (frame.type == wire::Type::kLoad) {
      if (decode(frame, &load) != nullptr) break;
      const bool ours =
          std::find(bytecodes().begin(), bytecodes().end(), load.bytecode) != bytecodes().end();
      if (!ours && load.bytecode.starts_with("\x1bLua")) return {};
    } else {
      break;
    }
  }
  return asked;
}

void run_jobs(Bytes script) {
  static std::unique_ptr<Vm> vm;
  if (vm == nullptr) {
    auto made = Vm::create({kMemoryBytes, 1 << 20, kVmSlots, 2 * kMemoryBytes});
    check(made.ok(), "no VM");
    vm = std::move(*made);
  }
  wire::ControlPage page{};
  const Asked asked = letter(script, page);

  Wire wire;
  int status = 0;
  {
    JobServer server(wire.worker(), page, *vm);
    check(server.prepare().ok(), "no ticker");
    wire.start(asked.bytes);
    status = server.serve(layers());
    timer_delete(server.ticker_.timer_);  // a worker's ends with its process
    server.ticker_.made_ = false;
    // As a process that ends while some wait; the next begins anew.
    if (server.begun_count_ > 0) vm.reset();
  }
  for (uint32_t code = 0; vm != nullptr && code < 4; ++code) vm->unload(code);
  check(status == 0 || status == 3, "an exit status that the pool does not know");
  check(page.running == 0, "the control page names a job that has ended");

  std::string_view heard = wire.finish();
  size_t answers = 0;
  std::set<uint64_t> waiting;
  wire::Frame frame;
  wire::Fault fault = nullptr;
  wire::Hello hello;
  while (wire::split(heard, &frame, &fault) == wire::Split::kFrame) {
    heard.remove_prefix(frame.total_bytes);
    if (frame.type == wire::Type::kHello) {
      check(decode(frame, &hello) == nullptr, "a hello that the pool does not read");
      continue;
    }
    if (frame.type == wire::Type::kCall) {
      wire::Call call;
      fault = decode(frame, &call);
      check(fault == nullptr, "a call that the pool does not take", fault ? fault : "");
      static ResultCheck checker;
      fault = checker.check(call);
      check(fault == nullptr, "a call that the pool refuses", fault ? fault : "");
      waiting.insert(frame.sequence);
      continue;
    }
    ++answers;
    if (frame.type == wire::Type::kSkipped) continue;
    waiting.erase(frame.sequence);
    check(frame.type == wire::Type::kResult, "a frame that is not for the pool");
    wire::RunResult result;
    fault = decode(frame, &result);
    check(fault == nullptr, "a result that the pool does not take", fault ? fault : "");
  }
  check(fault == nullptr && heard.empty(), "the worker breaks the protocol", fault ? fault : "");
  // After a fault it ends at once, and what it had not sent yet is lost.
  if (status == 0) {
    const size_t known = answers + waiting.size();
    check(answers <= asked.runs, "two answers to a Run");
    // What finds no slot has to wait for those that wait.
    check(known >= asked.runs || waiting.size() >= kVmSlots, "a Run has no answer");
  } else {
    check(answers <= asked.runs, "an answer to no question");
  }
}

void compile_one(Bytes script) {
  std::string out;
  if (script.byte() & 1) {
    const uint64_t memory = script.number<uint32_t>();
    const std::string_view name = script.text();
    encode(out, wire::Compile{memory, name, script.rest()});
  } else {
    out = script.rest();
  }
  Wire wire;
  wire.start(out);
  const int status = compile_once(wire.worker(), layers());
  std::string_view heard = wire.finish();
  check(status == 0 || status == 1 || status == 3, "an exit status that the pool does not know");
  wire::Frame frame;
  wire::Fault fault = nullptr;
  wire::Hello hello;
  check(
      wire::split(heard, &frame, &fault) == wire::Split::kFrame && decode(frame, &hello) == nullptr,
      "no hello, or one that the pool does not read");
  heard.remove_prefix(frame.total_bytes);
  if (heard.empty()) return;
  wire::Compiled compiled;
  check(wire::split(heard, &frame, &fault) == wire::Split::kFrame &&
            frame.total_bytes == heard.size() && decode(frame, &compiled) == nullptr,
        "an answer that the pool does not take");
  check(compiled.ok != compiled.bytecode.empty(), "bytecode and a complaint");
}

}  // namespace
}  // namespace sluice::fuzz

namespace {

void mask_alarms(int how) {
  sigset_t alarms;
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  pthread_sigmask(how, &alarms, nullptr);
}

}  // namespace

// A worker has one thread, and its timer's handler relies on it. libFuzzer has more, made after
// this: they are not to see the timer.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  mask_alarms(SIG_BLOCK);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mask_alarms(SIG_UNBLOCK);
  sluice::fuzz::Bytes script(data, size);
  if (script.byte() & 1) {
    sluice::fuzz::compile_one(script);
  } else {
    sluice::fuzz::run_jobs(script);
  }
  return 0;
}
