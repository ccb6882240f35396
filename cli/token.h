// The token that a server asks for: how slcli comes by one without it standing in `ps` or on the
// screen.
#pragma once

#include <optional>
#include <string>

#include "cli/failure.h"
#include "cli/world.h"

namespace sluice::cli {

// Without blanks around it; refused when it cannot be a token, and never repeated in a message.
// `source` is where it came from, for the message.
Attempt<std::string> checked_token(std::string_view text, const std::string& source);

// Asked for on a terminal, where it is not shown; otherwise the first line of standard input.
Attempt<std::string> ask_for_token(World& world);

Attempt<std::string> token_in_file(World& world, const std::string& path);

}  // namespace sluice::cli
