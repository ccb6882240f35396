// From words to a command that knows what it was asked.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/command.h"
#include "cli/session.h"

namespace sluice::cli {

// A command, its members filled in; it belongs to the `commands` it was found in.
struct Call {
  Command* command;
  GlobalOptions options;
};

// Text that was asked for: --help, --version.
struct Information {
  std::string text;
};

// As the original, options may stand anywhere, before the command too. `words` are argv without the
// program. A Failure has the format that the words ask for next to it, as far as they could be
// read.
struct BadCall {
  Failure failure;
  Format format = Format::kAuto;
};
std::variant<Call, Information, BadCall> parse_command_line(const std::vector<std::string>& words,
                                                            const Commands& commands);

}  // namespace sluice::cli
