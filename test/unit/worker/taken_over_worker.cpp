// A worker that hostile code has taken over: confined as the real one, it tries what its own name
// (argv[0]) says, and answers whether it could: true, or the error as text. It may not get so far.
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "sandbox/wire/control_page.h"
#include "sandbox/worker/confine.h"
#include "sandbox/worker/in_buffer.h"
#include "sandbox/worker/out_buffer.h"

using namespace sluice::sandbox;

namespace {

pid_t server = 0;

// Each is negative when it fails, with errno.
const std::map<std::string, long (*)()> kAttempts = {
    {"opens_a_file", [] { return long{open("/etc/passwd", O_RDONLY)}; }},
    {"writes_a_file",
     [] { return long{open("/tmp/sluice-taken-over", O_WRONLY | O_CREAT, 0600)}; }},
    {"lists_a_folder", [] { return long{open("/", O_RDONLY | O_DIRECTORY)}; }},
    {"opens_its_own_memory", [] { return long{open("/proc/self/mem", O_RDWR)}; }},
    {"makes_a_socket", [] { return long{socket(AF_INET, SOCK_STREAM, 0)}; }},
    {"makes_a_unix_socket", [] { return long{socket(AF_UNIX, SOCK_STREAM, 0)}; }},
    {"makes_a_socket_pair",
     [] {
       int ends[2];
       return long{socketpair(AF_UNIX, SOCK_STREAM, 0, ends)};
     }},
    {"forks",
     [] {
       const pid_t child = fork();
       if (child == 0) _exit(0);
       return long{child};
     }},
    {"clones_a_thread",
     [] { return syscall(SYS_clone, CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, 0, 0, 0, 0); }},
    {"executes_a_program",
     [] {
       char name[] = "/bin/true";
       char* argv[] = {name, nullptr};
       return long{execve(name, argv, argv + 1)};
     }},
    {"kills_the_server", [] { return long{kill(server, 0)}; }},
    {"kills_everyone", [] { return long{kill(-1, 0)}; }},
    {"traces_the_server", [] { return ptrace(PTRACE_ATTACH, server, nullptr, nullptr); }},
    {"reads_the_servers_memory",
     [] {
       char byte;
       iovec here{&byte, 1};
       iovec there{&byte, 1};
       return syscall(SYS_process_vm_readv, server, &here, 1, &there, 1, 0);
     }},
    {"maps_executable_memory",
     [] {
       void* mapped = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       return mapped == MAP_FAILED ? -1L : 0L;
     }},
    {"makes_memory_executable",
     [] {
       void* mapped =
           mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       return long{mprotect(mapped, 4096, PROT_READ | PROT_EXEC)};
     }},
    {"maps_shared_memory",
     [] {
       void* mapped =
           mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
       return mapped == MAP_FAILED ? -1L : 0L;
     }},
    {"makes_a_memory_file", [] { return syscall(SYS_memfd_create, "x", 0u); }},
    {"makes_a_ring",
     [] {
       io_uring_params parameters{};
       return syscall(SYS_io_uring_setup, 1u, &parameters);
     }},
    {"leaves_its_namespaces", [] { return long{unshare(CLONE_NEWUSER)}; }},
    {"mounts", [] { return long{mount("none", "/tmp", "tmpfs", 0, nullptr)}; }},
    {"becomes_dumpable", [] { return long{prctl(PR_SET_DUMPABLE, 1)}; }},
    {"outlives_its_parent", [] { return long{prctl(PR_SET_PDEATHSIG, 0)}; }},
    {"loads_a_filter", [] { return syscall(SYS_seccomp, 0u, 0u, nullptr); }},
    {"lifts_its_limits",
     [] {
       rlimit64 limit{1024, 1024};
       return syscall(SYS_prlimit64, 0, 7 /* RLIMIT_NOFILE */, &limit, nullptr);
     }},
    {"reads_another_descriptor",
     [] {
       char byte;
       return long{read(wire::kControlPageFd, &byte, 1)};
     }},
    {"writes_to_the_terminal", [] { return long{write(STDERR_FILENO, "x", 1)}; }},
    {"duplicates_its_channel", [] { return long{dup(wire::kChannelFd)}; }},
    {"passes_a_descriptor",
     [] {
       char byte = 0;
       iovec part{&byte, 1};
       msghdr message{};
       message.msg_iov = &part;
       message.msg_iovlen = 1;
       return long{sendmsg(wire::kChannelFd, &message, 0)};
     }},
    {"fills_memory",
     [] {
       // More than its limit on address space: refused, and it goes on.
       void* mapped = mmap(nullptr, size_t{64} << 30, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
       return mapped == MAP_FAILED ? -1L : 0L;
     }},
};

// Waits for the first offer.
wire::Frame read_run(InBuffer& in) {
  wire::Frame frame;
  wire::Fault fault = nullptr;
  for (;;) {
    while (in.next(&frame, &fault) == wire::Split::kFrame)
      if (frame.type == wire::Type::kRun) return frame;
    if (!in.fill()) _exit(0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string path = argv[0];
  const auto attempt = kAttempts.find(path.substr(path.rfind('/') + 1));
  if (attempt == kAttempts.end()) return 2;
  server = static_cast<pid_t>(std::atoi(argv[2]));
  if (!detach_from_parent(server, wire::kControlPageFd).ok()) return 1;
  void* const mapped = mmap(nullptr, wire::kControlPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                            wire::kControlPageFd, 0);
  if (mapped == MAP_FAILED) return 1;
  close(wire::kControlPageFd);
  auto& page = *static_cast<wire::ControlPage*>(mapped);

  InBuffer in(wire::kChannelFd);
  OutBuffer out(wire::kChannelFd);
  const auto layers = confine(wire::kChannelFd, 64 << 20);
  if (!layers.ok()) return 1;
  encode(out.bytes(), wire::Hello{"taken over", *layers});
  if (!out.flush()) return 1;

  const wire::Frame run = read_run(in);
  if (!page.take(run.slot, run.sequence)) return 1;
  page.begin(run.slot, run.sequence, 1, 0, 0);
  const long rc = attempt->second();
  const int error = errno;
  page.end(run.slot, 0);
  const std::string result = rc >= 0 ? "true" : "\"" + std::string(strerrorname_np(error)) + "\"";
  wire::RunResult answer;
  answer.outcome = sluice::Outcome::kSucceeded;
  answer.result = result;
  encode(out.bytes(), answer, run.slot, run.sequence);
  return out.flush() ? 0 : 1;
}
