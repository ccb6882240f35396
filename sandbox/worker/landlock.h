// Landlock: the kernel refuses a process, and all that it starts, whatever no rule allows.
#pragma once

#include "sandbox/layers.h"

namespace sluice::sandbox {

// An empty set of rules: from now on no file, no TCP port and no process outside can be reached, as
// far as this kernel's Landlock knows how. Needs no-new-privileges.
Layer forbid_all_with_landlock();

}  // namespace sluice::sandbox
