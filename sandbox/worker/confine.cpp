#include "sandbox/worker/confine.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>

#include "sandbox/worker/landlock.h"

namespace sluice::sandbox {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // their runtimes need more system calls and much address space
#else
constexpr bool kSanitized = false;
#endif

Error failed(const char* what, int error) {
  return Error{sluice::Code::kInternal, "confine", std::string(what) + ": " + std::strerror(error)};
}

uint64_t mapped_bytes() {
  unsigned long pages = 0;
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/statm", "re"), std::fclose);
  if (file == nullptr || std::fscanf(file.get(), "%lu", &pages) != 1) return 0;
  return uint64_t{pages} * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

Status limit_resources(uint64_t address_space_bytes) {
  struct Limit {
    const char* name;
    __rlimit_resource_t resource;
    rlim_t value;
  };
  const Limit limits[] = {
      {"RLIMIT_CORE", RLIMIT_CORE, 0},
      {"RLIMIT_FSIZE", RLIMIT_FSIZE, 0},
      {"RLIMIT_NPROC", RLIMIT_NPROC, 0},
      {"RLIMIT_NOFILE", RLIMIT_NOFILE, 0},  // what is open stays open; poll() would fail
      {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK, 0},
      {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE, 0},
      {"RLIMIT_AS", RLIMIT_AS, address_space_bytes},
  };
  for (const Limit& limit : limits) {
    if (limit.resource == RLIMIT_AS && (kSanitized || limit.value == 0)) continue;
    const struct rlimit value = {limit.value, limit.value};
    if (setrlimit(limit.resource, &value) != 0) return failed(limit.name, errno);
  }
  return Ok{};
}

using Filter = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

// Everything a worker does once it is ready. Each line has its reason; what is not here ends the
// process.
int allow_needed_calls(scmp_filter_ctx filter, int channel) {
  const auto fd = static_cast<scmp_datum_t>(channel);
  int rc = 0;
  const auto allow = [&](int call, std::initializer_list<scmp_arg_cmp> conditions = {}) {
    if (rc == 0)
      rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call,
                                  static_cast<unsigned>(conditions.size()), conditions.begin());
  };

  // The channel: frames in, results out, to nobody else.
  allow(SCMP_SYS(recvfrom), {{0, SCMP_CMP_EQ, fd, 0}, {4, SCMP_CMP_EQ, 0, 0}});
  allow(SCMP_SYS(sendto), {{0, SCMP_CMP_EQ, fd, 0}, {4, SCMP_CMP_EQ, 0, 0}});

  // The tick, and the way back from its handler.
  allow(SCMP_SYS(timer_settime));
  allow(SCMP_SYS(rt_sigreturn));
  allow(SCMP_SYS(restart_syscall));

  // Memory, never executable, never a file.
  allow(SCMP_SYS(mmap),
        {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0},
         {3, SCMP_CMP_MASKED_EQ, MAP_TYPE | MAP_ANONYMOUS, MAP_PRIVATE | MAP_ANONYMOUS}});
  allow(SCMP_SYS(munmap));
  allow(SCMP_SYS(mremap));
  allow(SCMP_SYS(madvise));
  allow(SCMP_SYS(brk));

  // The C library: locks, the CPU time of an invocation, seeds of hash tables.
  allow(SCMP_SYS(futex));
  allow(SCMP_SYS(clock_gettime));
  allow(SCMP_SYS(getrandom));
  // The time of day, on hosts whose clock the C library cannot read without the kernel.
  allow(SCMP_SYS(gettimeofday));
  allow(SCMP_SYS(time));

  allow(SCMP_SYS(exit_group));
  return rc;
}

Status filter_system_calls(int channel) {
  Filter filter(seccomp_init(SCMP_ACT_KILL_PROCESS), seccomp_release);
  if (filter == nullptr) return failed("seccomp_init", ENOMEM);
  int rc = seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (rc == 0) rc = allow_needed_calls(filter.get(), channel);
  // The filter is read from its top: those first that each batch of jobs makes.
  for (const int often : {SCMP_SYS(clock_gettime), SCMP_SYS(sendto), SCMP_SYS(recvfrom)})
    if (rc == 0) rc = seccomp_syscall_priority(filter.get(), often, 255);
  if (rc == 0) rc = seccomp_load(filter.get());
  if (rc != 0) return failed("seccomp", -rc);
  return Ok{};
}

}  // namespace

Status detach_from_parent(pid_t parent, int highest_fd) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return failed("PR_SET_PDEATHSIG", errno);
  // It may have died before the call above. From within a process namespace the server has no
  // number; then the end of the channel tells.
  if (const pid_t now = getppid(); now != parent && now != 0)
    return failed("the server is gone", ESRCH);
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return failed("PR_SET_DUMPABLE", errno);
  // A worker ends when its channel does, so that the server can let it finish its job when the
  // whole process group, or the whole service, is told to end.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) std::signal(signal, SIG_IGN);
  if (setenv("TZ", "UTC0", 1) != 0) return failed("TZ", errno);
  tzset();
  if (close_range(static_cast<unsigned>(highest_fd) + 1, ~0u, 0) != 0)
    return failed("close_range", errno);
  return Ok{};
}

Result<Layers> confine(int channel, uint64_t more_memory_bytes) {
  Layers layers;
  layers.push_back({"parent", true, "dies with the server's thread that started it"});
  layers.push_back({"memory", true, "not dumped, not read by other processes"});

  const uint64_t mapped = mapped_bytes();
  if (mapped == 0) return failed("/proc/self/statm", ENOENT);
  for (int fd = 0; fd < channel; ++fd) close(fd);
  layers.push_back({"descriptors", true, "its channel alone"});

  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("PR_SET_NO_NEW_PRIVS", errno);
  layers.push_back({"no_new_privs", true, "no program that it might start gains rights"});
  layers.push_back(forbid_all_with_landlock());  // takes a descriptor, of which there are no more:

  if (Status status = limit_resources(mapped + more_memory_bytes); !status.ok())
    return status.error();
  layers.push_back({"rlimits", true, "no file, process, core or locked memory; bounded memory"});

  if (kSanitized) {
    layers.push_back({"seccomp", false, "built with a sanitizer, whose run time needs more"});
  } else {
    if (Status status = filter_system_calls(channel); !status.ok()) return status.error();
    layers.push_back({"seccomp", true, "an allow list of system calls; any other ends it"});
  }
  return layers;
}

}  // namespace sluice::sandbox
