#include "sandbox/pool/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace sluice::sandbox {
namespace {

constexpr size_t kStackBytes = 64 << 10;
constexpr int kFirstDescriptor = 3;
constexpr int kSignals = 64;

constexpr int kNamespaces =
    CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID;  // unprivileged: with CLONE_NEWUSER

Error failed(const std::string& operation, int error) {
  const bool may_pass =
      error == EMFILE || error == ENFILE || error == EAGAIN || error == ENOMEM || error == ENOSPC;
  return Error{may_pass ? sluice::Code::kUnavailable : sluice::Code::kInternal, operation,
               std::strerror(error)};
}

// What the child reads, and the one thing that it writes.
struct Order {
  const char* path;
  char* const* argv;
  char* const* environment;
  const int* descriptors;
  int descriptor_count;
  int error = 0;
};

// glibc's struct sigaction is not the kernel's.
struct KernelSigaction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

// Runs in the server's memory while the server's thread waits. So it touches its own stack, errno
// and `order.error` alone, makes bare system calls, which no sanitizer intercepts, and must not
// return.
__attribute__((no_sanitize("address", "undefined", "thread"))) int child(void* argument) {
  Order& order = *static_cast<Order*>(argument);

  // No handler of the server's may run here: signals stay blocked until there is none.
  KernelSigaction standard = {SIG_DFL, 0, nullptr, 0};
  for (int signal = 1; signal <= kSignals; ++signal)
    syscall(SYS_rt_sigaction, signal, &standard, 0, sizeof standard.mask);
  uint64_t none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
  syscall(SYS_setsid);

  long rc = syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
  for (int fd = 0; fd < kFirstDescriptor && rc >= 0; ++fd)
    if (fd != rc) syscall(SYS_dup3, rc, fd, 0);
  for (int i = 0; i < order.descriptor_count && rc >= 0; ++i)
    rc = syscall(SYS_dup3, order.descriptors[i], kFirstDescriptor + i, 0);
  if (rc >= 0) rc = syscall(SYS_close_range, kFirstDescriptor + order.descriptor_count, ~0u, 0);
  if (rc >= 0) rc = syscall(SYS_execve, order.path, order.argv, order.environment);

  order.error = errno;
  for (;;) syscall(SYS_exit_group, 127);
}

// Keeps signals from the calling thread for as long as the child shares its memory.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_;
};

class ChildStack {
 public:
  ChildStack()
      : bytes_(mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {}
  ~ChildStack() {
    if (ok()) munmap(bytes_, kStackBytes);
  }
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;
  bool ok() const { return bytes_ != MAP_FAILED; }
  void* top() const { return static_cast<char*>(bytes_) + kStackBytes; }

 private:
  void* bytes_;
};

// The first of these that the system allows. A privileged server in a container may be refused a
// user namespace, but not the others.
struct Attempt {
  int flags;
  bool isolated;
};
constexpr Attempt kAttempts[] = {
    {CLONE_NEWUSER | kNamespaces, true}, {kNamespaces, true}, {0, false}};

}  // namespace

Result<Spawned> spawn(const Spawn& what) {
  std::vector<char*> argv{const_cast<char*>(what.path.c_str())};
  for (const std::string& text : what.arguments) argv.push_back(const_cast<char*>(text.c_str()));
  argv.push_back(nullptr);
  char* environment[] = {nullptr};
  Order order{what.path.c_str(), argv.data(), environment, what.descriptors.data(),
              static_cast<int>(what.descriptors.size())};

  const ChildStack stack;
  if (!stack.ok()) return failed("pool.start_worker", errno);
  const BlockedSignals blocked;
  Spawned spawned;
  int refused = 0;
  for (const Attempt& attempt : kAttempts) {
    spawned.pid =
        clone(child, stack.top(), CLONE_VM | CLONE_VFORK | SIGCHLD | attempt.flags, &order);
    if (spawned.pid >= 0) {
      if (!attempt.isolated)
        spawned.without_namespaces =
            refused == ENOSPC
                ? std::string("user.max_user_namespaces of this system allows no more")
                : std::string("the system refuses them: ") + std::strerror(refused);
      break;
    }
    if (refused == 0) refused = errno;
  }
  if (spawned.pid < 0) return failed("pool.start_worker", errno);
  if (order.error != 0) {
    while (waitpid(spawned.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return failed(what.path, order.error);
  }
  return spawned;
}

}  // namespace sluice::sandbox
