// A Vm with a real timer, and a run of a source in one call.
#pragma once

#include <memory>
#include <string>

#include "sandbox/vm/vm.h"

namespace sluice::sandbox {

// A run's result that outlives the next run.
struct Ended {
  Outcome outcome;
  std::string result;
  std::string message;
  std::string traceback;
  std::string logs;
  uint64_t memory_peak_bytes;
};

class TestVm {
 public:
  explicit TestVm(VmOptions options = {});

  // Compiles the source as "test.lua" and returns its ref.
  CodeRef load(const std::string& source);
  Ended run(CodeRef code, const std::string& payload = "");
  Ended run(const std::string& source, const std::string& payload = "");

  // The JSON that `main` returns, or the outcome and message.
  std::string value(const std::string& source, const std::string& payload = "");
  // The same of one expression.
  std::string expression(const std::string& expression, const std::string& payload = "");

  Vm& vm() { return *vm_; }

  std::chrono::milliseconds timeout{60'000};
  uint64_t memory_bytes = 16 << 20;

 private:
  std::unique_ptr<Vm> vm_;
  CodeRef last_ref_ = 0;
};

std::string bytecode_of(const std::string& source);

// Calls vm.tick() from SIGALRM every two milliseconds, as a worker does.
class Ticking {
 public:
  explicit Ticking(Vm& vm);
  ~Ticking();
};

}  // namespace sluice::sandbox
