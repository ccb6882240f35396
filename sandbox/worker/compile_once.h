// The compiling worker: one source in, its bytecode or Lua's complaint out, and the process ends.
#pragma once

namespace sluice::sandbox {

// The process is confined already. Returns its exit status.
int compile_once(int channel);

}  // namespace sluice::sandbox
