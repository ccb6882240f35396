// ChildProcess: one `sluice-sandbox`, started, killed and reaped by its pid.
//
// The child asks the kernel to be killed when the thread that started it ends (PR_SET_PDEATHSIG),
// so children are started on the loop's thread, which lives as long as the server.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/pool/spawn.h"

namespace sluice::sandbox {

// Closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = other.release();
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset();

 private:
  int fd_ = -1;
};

class ChildProcess {
 public:
  // Starts `path` (spawn.h). It finds its end of the channel at 3, `page` at 4 when there is one.
  static Result<ChildProcess> start(const std::string& path,
                                    const std::vector<std::string>& arguments, const Fd* page);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();  // kills and reaps

  pid_t pid() const { return pid_; }
  uint64_t resident_bytes() const;  // by the kernel's count; 0: not to be known
  std::optional<std::chrono::nanoseconds> cpu_time() const;  // of all its threads; likewise
  const std::string& without_namespaces() const { return without_namespaces_; }  // why; empty: with
  Fd take_channel() { return std::move(channel_); }

  void kill();

  // Kills it, in case it has closed its channel but lives, waits for its end, which is near, and
  // says how it ended: "exited with status 3", "was killed by signal 11 (Segmentation fault)".
  std::string reap();
  int ending_signal() const { return ending_signal_; }  // once reaped; 0: it ended by itself

 private:
  ChildProcess(Spawned spawned, Fd channel)
      : pid_(spawned.pid),
        without_namespaces_(std::move(spawned.without_namespaces)),
        channel_(std::move(channel)) {}

  pid_t pid_;  // 0: reaped, or moved from
  int ending_signal_ = 0;
  std::string without_namespaces_;
  Fd channel_;
};

}  // namespace sluice::sandbox
