// The compiling worker: one source in, its bytecode or Lua's complaint out, and the process ends.
#pragma once

#include "sandbox/layers.h"

namespace sluice::sandbox {

// The process is confined already, by `layers`. Returns its exit status.
int compile_once(int channel, const Layers& layers);

}  // namespace sluice::sandbox
