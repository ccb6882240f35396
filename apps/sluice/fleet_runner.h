// `sluice runner`: a half of a fleet that runs jobs. Any number of them, on any machines.
#pragma once

#include "base/config/settings.h"
#include "base/result.h"

namespace sluice {

// Runs until SIGTERM or SIGINT: then it takes no more, lets what runs end within the grace time,
// and hands the rest back to the others. `threads_left`: see PluginHost::stop().
Status serve_runner(const Settings& settings, bool& threads_left);

}  // namespace sluice
