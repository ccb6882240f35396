// World: what slcli needs of the machine it runs on, so that tests can give it another one.
#pragma once

#include <chrono>
#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "cli/client.h"
#include "cli/output.h"
#include "cli/server_url.h"

namespace sluice::cli {

struct World {
  std::istream& in;
  Terminal terminal;
  // An environment variable; nullopt when it is not set or empty.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  // Asks on the terminal for a line that is not shown; nullopt at its end. Empty where standard
  // input is no terminal.
  std::function<std::optional<std::string>(const std::string& prompt)> read_hidden;
  std::function<std::unique_ptr<Client>(const ServerUrl&)> client_for;
  const Clock& clock;
  std::function<void(std::chrono::milliseconds)> sleep;
};

}  // namespace sluice::cli
