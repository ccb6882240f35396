// Spawn: starts a program in namespaces of its own, as posix_spawn starts one without.
//
// The child shares the server's memory until it executes the program (CLONE_VM, CLONE_VFORK), so
// the cost does not grow with the server's size; until then it makes bare system calls only.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::sandbox {

struct Spawn {
  std::string path;
  std::vector<std::string> arguments;  // after the program's name
  std::span<const int> descriptors;    // become 3, 4, …; all of them above those
};

struct Spawned {
  pid_t pid = 0;
  // Empty: it has a user, network, mount, IPC and process namespace of its own. Else why not.
  std::string without_namespaces;
};

// The program finds an empty environment, /dev/null at 0 to 2, its descriptors, default signal
// handling, a session of its own; and no namespace shared with the server, where the system allows
// that. Call it on a thread that lives as long as the child should.
Result<Spawned> spawn(const Spawn& what);

}  // namespace sluice::sandbox
