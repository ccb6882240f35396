// allocation_test FILE…: every case once more, in this process, while memory is refused: the Nth
// request that Lua makes, or all from the Nth on; and the Nth that C++ makes. Whatever becomes of
// the case, the next invocation is right.
//
// Cases that only the end of their process ends, and those that are about the compiler's time, are
// left out.
#include <signal.h>
#include <sys/time.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <new>
#include <string>

#include "case.h"
#include "ring.h"
#include "sandbox/vm/vm.h"

namespace {

// Which request for memory of C++ code fails, counted down; 0: none.
std::atomic<long> fails_in{0};

void* allocate(size_t size) noexcept {
  if (fails_in.load(std::memory_order_relaxed) > 0 && fails_in.fetch_sub(1) == 1) return nullptr;
  return std::malloc(size == 0 ? 1 : size);
}

}  // namespace

void* operator new(size_t size) {
  if (void* block = allocate(size)) return block;
  throw std::bad_alloc();
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void* operator new[](size_t size) {
  return operator new(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, size_t) noexcept {
  std::free(block);
}
void operator delete[](void* block) noexcept {
  std::free(block);
}
void operator delete[](void* block, size_t) noexcept {
  std::free(block);
}

namespace sluice::hostile {
namespace {

using sandbox::CodeRef;
using sandbox::Refusals;
using sandbox::RunRequest;
using sandbox::Vm;

constexpr uint64_t kMostRequests = 20'000;  // enough for a case to be well under way
constexpr long kMostOfCpp = 40;             // more than one invocation makes
constexpr std::chrono::milliseconds kTimeout{4};
constexpr CodeRef kCase = 1;
constexpr CodeRef kWitness = 2;

std::atomic<Vm*> ticked{nullptr};

void on_alarm(int) {
  if (Vm* vm = ticked.load()) vm->tick();
}

void tick_every_2_ms(Vm& vm) {
  ticked = &vm;
  struct sigaction action = {};
  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  itimerval value = {};
  value.it_interval.tv_usec = value.it_value.tv_usec = 2'000;
  setitimer(ITIMER_REAL, &value, nullptr);
}

class Trial {
 public:
  Trial(const Case& hostile, std::string bytecode)
      : case_(hostile), bytecode_(std::move(bytecode)), payload_(hostile.payload) {
    if (payload_.empty()) payload_ = R"({"list":[1,2.5,"three",null],"deep":{"a":{"b":{}}}})";
  }

  bool prepare() {
    auto made = Vm::create({});
    if (!made.ok()) return false;
    vm_ = std::move(*made);
    auto witness = sandbox::compile({"witness.lua", Ring::witness_source()}, 128 << 20);
    if (!witness.ok()) return false;
    vm_->load(kWitness, "witness.lua", std::move(witness->bytes));
    tick_every_2_ms(*vm_);
    pristine_ = run_witness();
    return !pristine_.empty();
  }

  bool run() {
    uint64_t before = 1;
    for (uint64_t nth = 1; nth < kMostRequests;) {
      for (const uint64_t last : {nth, std::numeric_limits<uint64_t>::max()}) {
        load();
        run_case({nth, last});  // from the bare state
        if (!check("Lua's request", nth)) return false;
        run_case({});  // may leave a snapshot
        run_case({nth, last});
        if (!check("Lua's request after a snapshot", nth)) return false;
      }
      const uint64_t next = nth + before;
      before = nth;
      nth = next;
    }
    for (long nth = 1; nth <= kMostOfCpp; ++nth) {
      load();
      fails_in = nth;
      run_case({});
      vm_->release_memory();
      fails_in = 0;
      if (!check("C++'s request", static_cast<uint64_t>(nth))) return false;
      if (nth > 8) nth += 3;
    }
    ticked = nullptr;
    return true;
  }

 private:
  void load() { vm_->load(kCase, case_.name, bytecode_); }

  void run_case(Refusals refusals) {
    vm_->run(RunRequest{kCase, payload_, kTimeout, case_.memory_bytes, refusals});
  }

  std::string run_witness() {
    const auto result =
        vm_->run(RunRequest{kWitness, {}, std::chrono::minutes(1), 16 << 20, Refusals{}});
    if (result.outcome != Outcome::kSucceeded)
      std::fprintf(stderr, "%s\n", std::string(result.message).c_str());
    return std::string(result.result);
  }

  bool check(const char* what, uint64_t nth) {
    const std::string result = run_witness();
    if (result == pristine_) return true;
    std::fprintf(stderr, "%s: after %s %llu failed, the next invocation gave %s\n",
                 case_.name.c_str(), what, static_cast<unsigned long long>(nth), result.c_str());
    return false;
  }

  const Case& case_;
  const std::string bytecode_;
  std::string payload_;
  std::unique_ptr<Vm> vm_;
  std::string pristine_;
};

bool run(const std::string& path) {
  Result<Case> read = read_case(path);
  if (!read.ok()) {
    std::fprintf(stderr, "%s\n", read.error().message.c_str());
    return false;
  }
  if (read->killed || read->flips > 0 || read->refused) return true;
  // The compiler's own memory ends somewhere between nothing and enough.
  for (uint64_t budget = 64; budget < (1 << 20); budget += budget / 8) {
    const auto code = sandbox::compile({read->name, read->source}, budget);
    if (code.ok()) break;
    if (code.error().code != Code::kInvalid) return false;
  }
  auto code = sandbox::compile({read->name, read->source}, sandbox::kCompileMemoryBytes);
  if (!code.ok()) {
    std::fprintf(stderr, "%s\n", code.error().message.c_str());
    return false;
  }
  Trial trial(*read, std::move(code->bytes));
  return trial.prepare() && trial.run();
}

}  // namespace
}  // namespace sluice::hostile

int main(int argc, char** argv) {
  bool good = argc > 1;
  for (int i = 1; i < argc; ++i) good = sluice::hostile::run(argv[i]) && good;
  return good ? 0 : 1;
}
