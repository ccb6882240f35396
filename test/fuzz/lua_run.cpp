// Lua source: compiled, and run twice with small limits: from the bare state and from its snapshot,
// each time beside another run of it in another slot. Its calls get answers that fit and that do
// not.
//
// Whatever the source is, it ends with an outcome within bounds, its result is JSON, and the next
// action finds the world as it was. Lua's own library is not instrumented, so what guides the
// fuzzer is told to it here: which instructions follow one another, and what Lua says.
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include <memory>
#include <string>
#include <vector>

#include "base/json_check.h"
#include "base/utf8.h"
#include "check.h"
#include "sandbox/limits.h"
#include "sandbox/vm/text.h"
#include "sandbox/vm/vm.h"

// libFuzzer takes what rises here for coverage.
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t extra_counters[8192];

namespace sluice::fuzz {
namespace {

using namespace sandbox;

constexpr uint64_t kMemoryBytes = 4 << 20;
constexpr uint64_t kCompileBytes = 16 << 20;
constexpr std::chrono::milliseconds kTimeout{20};
constexpr int64_t kOverdueNs = 1'000'000'000;  // of CPU time: a C function holds it

// Tells of everything that it can reach.
constexpr char kCanary[] = R"lua(
local seen, told = {}, {}
local function tell(path, value)
  told[#told + 1] = path .. ":" .. type(value)
  if type(value) == "string" or type(value) == "number" then told[#told] = path .. "=" .. tostring(value):gsub("[^ -~]", "?") end
  if type(value) ~= "table" or seen[value] then return end
  seen[value] = true
  local keys = {}
  for key in next, value do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  for _, key in ipairs(keys) do tell(path .. "." .. key, rawget(value, key)) end
  tell(path .. "()", getmetatable(value))
end
function main(args)
  tell("G", _G)
  tell("string", getmetatable(""))
  tell("null", getmetatable(args[2]))
  tell("number", getmetatable(1))
  tell("function", getmetatable(print))
  tell("args", args)
  return table.concat(told, " ") .. ("%d"):format(7) .. ("a"):rep(3) .. tostring(1.5) .. #args
end
)lua";

struct Watch {
  Vm* volatile vm = nullptr;  // while it runs something
  volatile int64_t overdue_at = 0;
  sigjmp_buf way_out;
  void* own_bottom = nullptr;  // of the stack that it leads to
  size_t own_size = 0;
  void* own_frames = nullptr;
} watch;

int64_t cpu_ns() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// As the worker's timer. Where the pool would kill the worker, it leaves the VM behind.
void on_tick(int) {
  Vm* const vm = watch.vm;
  if (vm == nullptr) return;
  vm->tick();
  if (cpu_ns() < watch.overdue_at) return;
  watch.vm = nullptr;
  siglongjmp(watch.way_out, 1);
}

// What a plugin would answer, by what it was asked.
std::string answer_to(const PluginCall& call, unsigned number) {
  static JsonChecker json;
  check(json.check(call.payload).ok() && call.payload.size() <= kMaxCallBytes,
        "a payload that is not JSON, or too long", call.payload);
  check(sluice::is_utf8(call.plugin) && sluice::is_utf8(call.action) && call.plugin.size() <= 256 &&
            call.action.size() <= 256,
        "a name that is none");
  switch (number % 6) {
    case 0:
    case 1:
    case 2:
      return std::string(call.payload);
    case 3:
      return R"({"a":[1,{"b":null},"\u00e9",-0.0,9223372036854775807]})";
    case 4:
      return std::string(900, '[') + std::string(900, ']');
    default:
      return "\"" + std::string(1 << 19, 'x') + "\"";
  }
}

// The jump came from a slot's stack, which the address sanitizer takes for the current one, with
// the frames that it keeps for it. False.
__attribute__((no_sanitize_address)) bool back_on_own_stack() {
  __sanitizer_start_switch_fiber(nullptr, watch.own_bottom, watch.own_size);
  __sanitizer_finish_switch_fiber(watch.own_frames, nullptr, nullptr);
  return false;
}

void note_own_stack() {
  pthread_attr_t attributes;
  check(pthread_getattr_np(pthread_self(), &attributes) == 0 &&
            pthread_attr_getstack(&attributes, &watch.own_bottom, &watch.own_size) == 0,
        "no stack");
  pthread_attr_destroy(&attributes);
  watch.own_frames = __asan_get_current_fake_stack();
}

// Two invocations of it by turns, each of which gets its answers while the other waits; or the
// second is left waiting, and has to be given up. What has come of each is told before the other
// goes on. False: the pool would have killed the worker.
template <class Told>
bool run(Vm& vm, const RunRequest& request, bool leave_second, Told&& told) {
  constexpr unsigned kMostCalls = 50;
  static std::string answers[2];  // outlive a jump
  watch.overdue_at = cpu_ns() + kOverdueNs;
  if (watch.own_bottom == nullptr) note_own_stack();
  if (sigsetjmp(watch.way_out, 1) != 0) return back_on_own_stack();
  watch.vm = &vm;
  struct One {
    SlotNumber slot = 0;
    Turn turn = Turn::kEnded;
  } both[2];
  unsigned calls = 0;
  const auto tell = [&](const One& one) {
    if (one.turn == Turn::kEnded) told(vm.result(one.slot));
    if (one.turn == Turn::kCalls) answers[&one - both] = answer_to(vm.call(one.slot), calls++);
  };
  const auto give_up = [&](One& one, Outcome outcome) {
    vm.give_up(one.slot, outcome);
    one.turn = Turn::kEnded;
    tell(one);
  };
  for (One& one : both) {
    one.slot = *vm.free_slot();
    one.turn = vm.begin(one.slot, request);
    tell(one);
  }
  while (both[0].turn != Turn::kEnded || both[1].turn != Turn::kEnded) {
    for (One& one : both) {
      while (const auto robbed = vm.robbed())
        give_up(*robbed == both[0].slot && both[0].turn != Turn::kEnded ? both[0] : both[1],
                Outcome::kOutOfMemory);
      if (one.turn == Turn::kEnded) continue;
      if (one.turn == Turn::kSliced) {
        one.turn = vm.go_on(one.slot);
      } else if (calls >= kMostCalls || (leave_second && &one == &both[1])) {
        if (both[0].turn != Turn::kEnded && calls < kMostCalls) continue;
        give_up(one, calls % 2 != 0 ? Outcome::kTimedOut : Outcome::kCancelled);
        continue;
      } else {
        one.turn = vm.go_on(one.slot, {calls % 7 != 0, answers[&one - both]});
      }
      tell(one);
    }
  }
  watch.vm = nullptr;
  return true;
}

class World {
 public:
  World() { renew(); }

  void one(std::string_view text) {
    const Source source{"fuzz.lua", std::string(text)};
    const Result<Bytecode> code = compile(source, kCompileBytes);
    if (!code.ok()) {
      const std::string& message = code.error().message;
      check(code.error().code == Code::kInvalid, "a source's fault has another code", message);
      check(!message.empty() && message.size() <= kMaxMessageBytes + wide_mark() &&
                sluice::is_utf8(message),
            "a complaint of the wrong form", message);
      learn(message, 4096);
      return;
    }
    check(code->bytes.size() <= kMaxBytecodeBytes, "bytecode larger than it may be");
    learn_instructions(code->bytes);

    constexpr CodeRef kFuzzed = 2;
    vm_->load(kFuzzed, source.chunk_name, code->bytes);
    for (int i = 0; i < 2; ++i) {
      const RunRequest request{kFuzzed, R"([1,null,{"a":"b"},2.5,"x"])", kTimeout, kMemoryBytes};
      if (!run(*vm_, request, i == 1, check_result)) return renew();
    }
    vm_->unload(kFuzzed);
    vm_->release_memory();
    check(canary() == world_, "something is left of it for the next");
  }

 private:
  static constexpr CodeRef kWatching = 1;
  static constexpr size_t wide_mark() { return 16; }  // "… (cut)"

  void renew() {
    if (vm_) left_behind_.push_back(std::move(vm_));
    auto made = Vm::create({kMemoryBytes, 1 << 20, 2, kMemoryBytes * 3 / 2});
    check(made.ok(), "no VM");
    vm_ = std::move(*made);
    const Result<Bytecode> code = compile({"canary.lua", kCanary}, kCompileBytes);
    check(code.ok(), "the canary does not compile", code.ok() ? "" : code.error().message);
    vm_->load(kWatching, "canary.lua", code->bytes);
    world_ = canary();
  }

  std::string canary() {
    const auto result = vm_->run({kWatching, "[0,null]", std::chrono::minutes(1), kMemoryBytes});
    check(result.outcome == Outcome::kSucceeded, "the canary fails", result.message);
    return std::string(result.result);
  }

  static void check_result(const RunResult& result) {
    static JsonChecker json;
    switch (result.outcome) {
      case Outcome::kSucceeded:
        check(result.result.size() <= kMaxResultBytes && json.check(result.result).ok(),
              "a result that is not JSON", result.result);
        break;
      case Outcome::kTimedOut:
      case Outcome::kTopLevelFailed:
      case Outcome::kNoMain:
      case Outcome::kFailed:
      case Outcome::kOutOfMemory:
      case Outcome::kCancelled:
        break;
      default:
        check(false, "an outcome that cannot be", to_string(result.outcome));
    }
    check(
        result.message.size() <= kMaxMessageBytes + wide_mark() && sluice::is_utf8(result.message),
        "a message of the wrong form", result.message);
    check(result.traceback.size() <= kMaxTracebackBytes + wide_mark() &&
              sluice::is_utf8(result.traceback),
          "a traceback of the wrong form", result.traceback);
    check(result.logs.size() <= kMaxLogBytes + wide_mark() && sluice::is_utf8(result.logs),
          "logs of the wrong form");
    check(result.memory_peak_bytes <= kMemoryBytes, "more memory than there is");
    learn(result.message, 6144);
  }

  // Without numbers, which differ in everything.
  static void learn(std::string_view message, size_t from) {
    uint32_t hash = 2'166'136'261u;
    for (const char c : message)
      if (c < '0' || c > '9') hash = (hash ^ static_cast<uint8_t>(c)) * 16'777'619u;
    extra_counters[from + hash % 2048] = 1;
  }

  // Neighbouring words' lowest six bits: Lua's instructions, among other things.
  static void learn_instructions(std::string_view bytecode) {
    for (size_t at = 0; at + 4 < bytecode.size(); ++at) {
      const size_t pair = static_cast<size_t>((bytecode[at] & 63) << 6 | (bytecode[at + 4] & 63));
      if (extra_counters[pair] < 255) ++extra_counters[pair];
    }
  }

  std::unique_ptr<Vm> vm_;
  std::string world_;
  std::vector<std::unique_ptr<Vm>> left_behind_;  // by a jump: not to be touched
};

void mask_ticks(int how) {
  sigset_t ticks;
  sigemptyset(&ticks);
  sigaddset(&ticks, SIGPROF);
  pthread_sigmask(how, &ticks, nullptr);
}

}  // namespace
}  // namespace sluice::fuzz

// libFuzzer's own threads are made after this: they are not to see the timer.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  sluice::fuzz::mask_ticks(SIG_BLOCK);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static sluice::fuzz::World& world = *[] {
    sluice::fuzz::mask_ticks(SIG_UNBLOCK);
    struct sigaction action = {};
    action.sa_handler = sluice::fuzz::on_tick;
    action.sa_flags = SA_RESTART;
    sigaction(SIGPROF, &action, nullptr);
    itimerval every = {};
    every.it_interval.tv_usec = every.it_value.tv_usec = 2'000;
    setitimer(ITIMER_PROF, &every, nullptr);
    return new sluice::fuzz::World;
  }();
  world.one({reinterpret_cast<const char*>(data), size});
  return 0;
}
