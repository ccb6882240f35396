// Cgroups: a bound on each worker's memory by the kernel's own count, where a part of the cgroup
// tree (version 2) was delegated to this server: by systemd (Delegate=memory), or in a container
// whose /sys/fs/cgroup can be written.
//
// RLIMIT_AS bounds the addresses that a worker may have. This one also counts what the kernel holds
// on its behalf, and swap.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"

namespace sluice::sandbox {

// One worker's group. Removes it at its end, when the worker must have been reaped.
class Cgroup {
 public:
  Cgroup() = default;  // none
  explicit Cgroup(std::string folder) : folder_(std::move(folder)) {}
  Cgroup(Cgroup&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
  Cgroup& operator=(Cgroup&& other) noexcept;
  ~Cgroup();

 private:
  std::string folder_;
};

class Cgroups {
 public:
  // Where the kernel shows them; tests have a tree of their own.
  struct Place {
    std::string root = "/sys/fs/cgroup";
    std::string membership = "/proc/self/cgroup";
  };

  // Moves this process into a group `server` below its own, since a group that has others below it
  // may hold no process. An error says why workers get none; nothing has changed then.
  static Result<Cgroups> open(const Place& place);
  static Result<Cgroups> open() { return open(Place{}); }

  // Puts a process into a group of its own that may hold `bytes`.
  Result<Cgroup> put(pid_t pid, uint64_t bytes) const;

 private:
  explicit Cgroups(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

}  // namespace sluice::sandbox
