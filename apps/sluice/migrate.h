// `sluice migrate`: brings a fleet's MongoDB to what this release needs.
#pragma once

#include "base/config/settings.h"
#include "base/result.h"

namespace sluice {

// Prints what it did to stdout. The daemons do the same at their start; a rolling upgrade does it
// before them.
Status migrate(const Settings& settings);

}  // namespace sluice
