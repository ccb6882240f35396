// `sluice doctor`: whether workers can run here, and what confines them.
#pragma once

#include "base/config/settings.h"
#include "base/result.h"

namespace sluice {

struct DoctorQuestion {
  bool json = false;
  bool strict = false;  // a layer that is not in force is an error
};

// Starts a worker as a server would, compiles and runs an action, and prints what held, to stdout.
// kUnavailable: no worker can be started, or it does not run Lua.
Status examine(const Settings& settings, const DoctorQuestion& question);

}  // namespace sluice
