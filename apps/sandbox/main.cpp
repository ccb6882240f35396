// sluice-sandbox: one worker. The server starts it; nobody else has a reason to.
//
//     sluice-sandbox run PARENT_PID MAX_MEMORY_BYTES SNAPSHOT_BYTES
//         descriptor 3: the channel; 4: the control page
//     sluice-sandbox compile PARENT_PID
//         descriptor 3: the channel
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "sandbox/limits.h"
#include "sandbox/vm/vm.h"
#include "sandbox/wire/control_page.h"
#include "sandbox/worker/compile_once.h"
#include "sandbox/worker/confine.h"
#include "sandbox/worker/job_server.h"

namespace sluice::sandbox {
namespace {

// Beyond slots and snapshots: payloads, results, answers, bytecode, JSON buffers.
constexpr uint64_t kOtherMemoryBytes = 320 << 20;

int refuse(const Error& error) {
  std::fprintf(stderr, "sluice-sandbox: %s\n", error.text().c_str());
  return 1;
}

// Runs a small action once, so that whatever the libraries prepare on first use is prepared while
// they still may.
void warm_up(Vm& vm) {
  Result<Bytecode> code =
      compile({"warm_up", "function main(a) print(a.n) return a end"}, kCompileMemoryBytes);
  if (!code.ok()) return;
  constexpr CodeRef kWarmUp = 0;  // the pool counts from 1
  vm.load(kWarmUp, "warm_up", std::move(code.value().bytes));
  vm.run({kWarmUp, R"({"n":1.5,"s":"\u00e4","a":[1]})", std::chrono::milliseconds(1000), 1 << 20});
  vm.unload(kWarmUp);
}

int run_jobs(pid_t parent, uint64_t max_memory_bytes, uint64_t snapshot_bytes) {
  if (Status status = detach_from_parent(parent, wire::kControlPageFd); !status.ok())
    return refuse(status.error());
  void* const mapped = mmap(nullptr, wire::kControlPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                            wire::kControlPageFd, 0);
  if (mapped == MAP_FAILED)
    return refuse({sluice::Code::kInternal, "control page", std::strerror(errno)});
  close(wire::kControlPageFd);

  const VmOptions options{max_memory_bytes, snapshot_bytes, wire::kSlots,
                          kTotalMemoryFactor * max_memory_bytes};
  auto vm = Vm::create(options);
  if (!vm.ok()) return refuse(vm.error());
  warm_up(**vm);

  JobServer server(wire::kChannelFd, *static_cast<wire::ControlPage*>(mapped), **vm);
  if (Status status = server.prepare(); !status.ok()) return refuse(status.error());
  const uint64_t slots = (wire::kSlots - 1) * slot_bytes(options);  // the first is there
  const auto layers = confine(wire::kChannelFd, slots + snapshot_bytes + kOtherMemoryBytes);
  return layers.ok() ? server.serve(*layers) : refuse(layers.error());
}

int run_compiler(pid_t parent) {
  if (Status status = detach_from_parent(parent, wire::kChannelFd); !status.ok())
    return refuse(status.error());
  const auto layers = confine(wire::kChannelFd, kCompileMemoryBytes + kOtherMemoryBytes);
  return layers.ok() ? compile_once(wire::kChannelFd, *layers) : refuse(layers.error());
}

}  // namespace
}  // namespace sluice::sandbox

int main(int argc, char** argv) {
  const auto number = [&](int index) { return std::strtoull(argv[index], nullptr, 10); };
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "run" && argc == 5)
    return sluice::sandbox::run_jobs(static_cast<pid_t>(number(2)), number(3), number(4));
  if (mode == "compile" && argc == 3)
    return sluice::sandbox::run_compiler(static_cast<pid_t>(number(2)));
  std::fprintf(stderr,
               "sluice-sandbox runs untrusted Lua for `sluice`, which starts it by itself.\n");
  return 2;
}
