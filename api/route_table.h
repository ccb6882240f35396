// Every route there is. The definition is generated from the files in routes/: NAME.cpp defines
// `Route make_route_NAME(Services&)`.
#pragma once

#include <vector>

#include "api/router.h"
#include "api/services.h"

namespace sluice::api {

std::vector<Route> make_routes(Services& services);

}  // namespace sluice::api
