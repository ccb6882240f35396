// Reading and writing local files, with errors that name the file.
#pragma once

#include <istream>
#include <string>

#include "base/result.h"

namespace sluice::cli {

// Far above what a server accepts, so that the server says what its limit is.
inline constexpr size_t kMaxFileBytes = size_t{64} << 20;

// "-" is `standard_input`.
Result<std::string> read_file(const std::string& path, std::istream& standard_input);

// Whole or not at all: a reader never sees half of it. Readable by the owner alone.
Status replace_file(const std::string& path, std::string_view content);

}  // namespace sluice::cli
