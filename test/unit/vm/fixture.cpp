#include "fixture.h"

#include <signal.h>
#include <sys/time.h>

#include <atomic>
#include <catch2/catch.hpp>

namespace sluice::sandbox {
namespace {

std::atomic<Vm*> ticked{nullptr};

void on_alarm(int) {
  if (Vm* vm = ticked.load()) vm->tick();
}

void set_timer(long period_us) {
  itimerval value = {};
  value.it_interval.tv_usec = period_us;
  value.it_value.tv_usec = period_us;
  setitimer(ITIMER_REAL, &value, nullptr);
}

}  // namespace

Ticking::Ticking(Vm& vm) {
  ticked = &vm;
  struct sigaction action = {};
  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  set_timer(2'000);
}

Ticking::~Ticking() {
  set_timer(0);
  ticked = nullptr;
}

std::string bytecode_of(const std::string& source) {
  auto code = compile({"test.lua", source}, 128 << 20);
  INFO(source);
  if (!code) FAIL(code.error().message);
  return code->bytes;
}

TestVm::TestVm(VmOptions options) {
  auto made = Vm::create(options);
  REQUIRE(made.ok());
  vm_ = std::move(made).value();
}

CodeRef TestVm::load(const std::string& source) {
  vm_->load(++last_ref_, "test.lua", bytecode_of(source));
  return last_ref_;
}

Ended TestVm::run(CodeRef code, const std::string& payload) {
  const RunResult r = vm_->run({code, payload, timeout, memory_bytes});
  return {
      r.outcome,           std::string(r.result), std::string(r.message), std::string(r.traceback),
      std::string(r.logs), r.memory_peak_bytes};
}

Ended TestVm::run(const std::string& source, const std::string& payload) {
  const CodeRef code = load(source);
  Ended ended = run(code, payload);
  vm_->unload(code);
  return ended;
}

std::string TestVm::value(const std::string& source, const std::string& payload) {
  const Ended ended = run(source, payload);
  if (ended.outcome == Outcome::kSucceeded) return ended.result;
  return std::string(to_string(ended.outcome)) + ": " + ended.message;
}

std::string TestVm::expression(const std::string& expression, const std::string& payload) {
  return value("function main(args) return " + expression + " end", payload);
}

}  // namespace sluice::sandbox
