// What keeps a worker in its cage. Applied once, before the first byte of anybody's code is read.
//
// Layers, each of its own: the parent's death ends the worker, nothing of it can be read by others,
// no descriptor but the channel, resource limits, no new privileges, an allow list of system calls.
// More (namespaces, Landlock) can be added as further layers; each reports whether it is in force.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::sandbox {

struct Layer {
  std::string_view name;
  bool in_force = false;
  std::string why_not;
};

// Dies with its parent, takes no signal meant for the server's terminal, tells the time in UTC, and
// closes every descriptor above `highest_fd`. First thing in the process.
Status detach_from_parent(pid_t parent, int highest_fd);

// Resource limits and the system call filter. After this no file can be opened and no process
// started; memory may grow by `more_memory_bytes` beyond what is mapped now. `channel` is the only
// descriptor that can be read from and sent to.
Result<std::vector<Layer>> confine(int channel, uint64_t more_memory_bytes);

}  // namespace sluice::sandbox
