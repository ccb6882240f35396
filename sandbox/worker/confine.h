// What keeps a worker in its cage. Applied once, before the first byte of anybody's code is read.
//
// The server has put the process into namespaces of its own where it could (sandbox/pool/spawn.h).
// Here follow, each a layer of its own: the server's death ends the worker, nobody reads its
// memory, no descriptor but the channel, resource limits, no new privileges, no file (Landlock),
// and an allow list of system calls.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/result.h"
#include "sandbox/layers.h"

namespace sluice::sandbox {

// Dies with its parent, takes no signal meant for the server's terminal, tells the time in UTC, and
// closes every descriptor above `highest_fd`. First thing in the process.
Status detach_from_parent(pid_t parent, int highest_fd);

// All else. After this nothing can be opened and no process started; memory may grow by
// `more_memory_bytes` beyond what is mapped now. `channel` is the only descriptor left. The layers,
// with those that this host does not have; an error when one that every host has cannot be applied.
Result<Layers> confine(int channel, uint64_t more_memory_bytes);

}  // namespace sluice::sandbox
