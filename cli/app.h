// slcli from its words to its exit status.
#pragma once

#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/world.h"

namespace sluice::cli {

// `words` are argv without the program's name. Nothing throws.
ExitCode run_slcli(const std::vector<std::string>& words, World& world);

}  // namespace sluice::cli
