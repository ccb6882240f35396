// Where a redirect leads, and what goes along.
#pragma once

#include <optional>
#include <string_view>

#include "plugins/http/request.h"

namespace sluice::http {

// 301, 302, 303, 307, 308: with a Location they are followed.
bool is_redirect(long status);

// Turns `request` into the one that an answer with `status` and `location` asks for: RFC
// 9110, 15.4. Throws Failure where it must not be followed.
void redirect(Request& request, long status, std::string_view location, const Settings& settings);

}  // namespace sluice::http
