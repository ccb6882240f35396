// Command: one word of slcli's. Each lives in a file of its own under commands/, and is found there
// by the build: see commands/README.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/failure.h"
#include "cli/session.h"

namespace sluice::cli {

struct Positional {
  std::string name;  // "NAME"
  std::string help;
  std::string* into;
};

struct Option {
  std::string flags;  // "-f,--file"
  std::string value;  // "FILE"; empty for a switch
  std::string help;
  std::variant<bool*, std::optional<std::string>*> into;  // a bool for a switch
  bool required = false;
};

// How a command is called. The pointers are into the command itself, which is filled in before
// run().
struct Spec {
  std::string name;
  std::string group;    // the heading it stands under in the help
  std::string summary;  // one line
  std::vector<Positional> positionals;
  std::vector<Option> options;
  std::string details;  // after the options in its help; may be empty
};

class Command {
 public:
  virtual ~Command() = default;
  virtual Spec spec() = 0;
  virtual Ending run(Session& session) = 0;
};

using Commands = std::vector<std::unique_ptr<Command>>;

// All of commands/, by name. Written by the build.
Commands all_commands();

}  // namespace sluice::cli
