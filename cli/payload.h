// What `run -p` may be: a file, standard input, or the JSON itself.
#pragma once

#include <istream>
#include <optional>
#include <string>

#include "base/result.h"

namespace sluice::cli {

// The JSON text to send: `{}` without an argument, and for an empty file. kInvalid when it is no
// JSON, with the place of the fault.
Result<std::string> read_payload(const std::optional<std::string>& argument,
                                 std::istream& standard_input);

}  // namespace sluice::cli
