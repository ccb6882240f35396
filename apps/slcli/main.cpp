// slcli: the command line of Sluice. Here it meets the real terminal, environment, clock and
// network.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#include "cli/app.h"
#include "cli/curl_client.h"

int main(int argc, char** argv) {
  using namespace sluice;
  std::ios::sync_with_stdio(false);

  const auto variable = [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (!value || !*value) return std::nullopt;
    return value;
  };
  const SystemClock clock;
  cli::World world{
      .in = std::cin,
      .terminal = {.out = std::cout,
                   .err = std::cerr,
                   .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                   .err_is_terminal = isatty(STDERR_FILENO) == 1,
                   .no_colour = variable("NO_COLOR").has_value()},
      .variable = variable,
      .client_for = cli::make_curl_client,
      .clock = clock,
      .sleep = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }};
  return static_cast<int>(cli::run_slcli({argv + 1, argv + argc}, world));
}
