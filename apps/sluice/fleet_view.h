// `sluice fleet`: who runs jobs, and what waits.
#pragma once

#include <string>

#include "base/config/settings.h"
#include "base/result.h"

namespace sluice {

struct FleetQuestion {
  bool json = false;
  std::string host;  // not empty: kNotFound unless a runner of this host is alive
};

// Prints a table, or JSON, to stdout. kUnavailable: a database is away.
Status show_fleet(const Settings& settings, const FleetQuestion& question);

}  // namespace sluice
