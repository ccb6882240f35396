// `sluice serve`: everything in one process, with an embedded store and an in-process queue.
#pragma once

#include "base/config/settings.h"
#include "base/result.h"

namespace sluice {

// Runs until SIGTERM or SIGINT. Prints the address it listens on to stdout. An error means that it
// could not start, or could not write everything at the end. `threads_left`: see
// PluginHost::stop().
Status serve(const Settings& settings, bool& threads_left);

}  // namespace sluice
