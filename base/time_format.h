// RFC 3339 text of a wall time, as the API shows it: "2026-11-24T06:10:00.123Z".
#pragma once

#include <string>

#include "base/clock.h"

namespace sluice {

std::string to_rfc3339(WallTime time);

}  // namespace sluice
