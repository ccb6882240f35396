// `sluice api`: the HTTP half of a fleet. Any number of them, on any machines; none keeps anything.
#pragma once

#include "base/config/settings.h"
#include "base/result.h"

namespace sluice {

// Runs until SIGTERM or SIGINT: then it accepts nothing more, and ends once the requests that wait
// are answered or the grace time is over. Prints the address it listens on to stdout.
Status serve_api(const Settings& settings);

}  // namespace sluice
