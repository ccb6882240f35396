// "did you mean": the known name that a mistyped one is closest to.
#pragma once

#include <span>
#include <string_view>

namespace sluice::config {

// The nearest of `known`, or an empty text when none is near enough to be meant.
std::string_view nearest(std::string_view typed, std::span<const std::string_view> known);

}  // namespace sluice::config
