#include "sandbox/pool/child_process.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <utility>

#include "sandbox/pool/spawn.h"
#include "sandbox/wire/control_page.h"

namespace sluice::sandbox {
namespace {

Error failed(const char* operation, int error) {
  return Error{error == EMFILE || error == ENFILE || error == EAGAIN || error == ENOMEM
                   ? sluice::Code::kUnavailable
                   : sluice::Code::kInternal,
               operation, std::strerror(error)};
}

// The child's descriptors are put in place one after another: a source that lies among the targets
// would be overwritten before its turn.
Result<Fd> above_targets(const Fd& fd) {
  const int copy = fcntl(fd.get(), F_DUPFD_CLOEXEC, wire::kControlPageFd + 1);
  if (copy < 0) return failed("pool.start_worker", errno);
  return Fd(copy);
}

}  // namespace

void Fd::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Result<ChildProcess> ChildProcess::start(const std::string& path,
                                         const std::vector<std::string>& arguments,
                                         const Fd* page) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return failed("pool.start_worker", errno);
  Fd ours(ends[0]);
  Fd childs(ends[1]);
  if (fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) return failed("pool.start_worker", errno);

  auto channel = above_targets(childs);
  if (!channel.ok()) return channel.error();
  Fd page_copy;
  if (page != nullptr) {
    auto copy = above_targets(*page);
    if (!copy.ok()) return copy.error();
    page_copy = std::move(*copy);
  }

  std::vector<int> descriptors{channel->get()};
  if (page != nullptr) descriptors.push_back(page_copy.get());
  auto spawned = spawn({path, arguments, descriptors});
  if (!spawned.ok()) return spawned.error();
  return ChildProcess(*std::move(spawned), std::move(ours));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      without_namespaces_(std::move(other.without_namespaces_)),
      channel_(std::move(other.channel_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ != 0) reap();
}

uint64_t ChildProcess::resident_bytes() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  uint64_t mapped = 0, resident = 0;
  if (!(file >> mapped >> resident)) return 0;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<std::chrono::nanoseconds> ChildProcess::cpu_time() const {
  clockid_t clock;
  timespec time;
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &time) != 0)
    return std::nullopt;
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void ChildProcess::kill() {
  if (pid_ != 0) ::kill(pid_, SIGKILL);
}

std::string ChildProcess::reap() {
  if (pid_ == 0) return "has ended";
  int status = 0;
  pid_t waited = waitpid(pid_, &status, WNOHANG);
  if (waited == 0) {
    // Often it has closed the channel and is on its way out: its own status says more than our
    // signal. WNOHANG races with that, so the signal is sent either way; a zombie does not mind.
    kill();
    while ((waited = waitpid(pid_, &status, 0)) < 0 && errno == EINTR) {
    }
  }
  const bool known = waited == pid_;
  pid_ = 0;
  if (known && WIFSIGNALED(status)) ending_signal_ = WTERMSIG(status);
  if (known && WIFEXITED(status))
    return "exited with status " + std::to_string(WEXITSTATUS(status));
  if (known && WIFSIGNALED(status))
    return "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" +
           strsignal(WTERMSIG(status)) + ")";
  return "has ended";
}

}  // namespace sluice::sandbox
