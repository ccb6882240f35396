// Sizes and durations as people type them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::cli {

// KB (1024 bytes) from "65536", "512K", "64M", "64MB", "64MiB", "1G"; case does not matter.
// kInvalid otherwise.
Result<int64_t> parse_size_kb(std::string_view text);

// A whole number, from "0"; kInvalid otherwise.
Result<int64_t> parse_count(std::string_view text);

// From "500" and "500ms", "2s", "1m", "1h"; kInvalid otherwise.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace sluice::cli
