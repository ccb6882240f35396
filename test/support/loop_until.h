// Turning a real loop until something holds.
#pragma once

#include <chrono>
#include <functional>

#include "base/loop.h"

namespace sluice::test {

// Runs the loop until `condition` holds. False after `limit`, which only a hang reaches.
bool loop_until(Loop& loop, const std::function<bool()>& condition,
                std::chrono::minutes limit = std::chrono::minutes(1));

}  // namespace sluice::test
