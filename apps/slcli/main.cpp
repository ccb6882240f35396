// slcli: the command line of Sluice. Here it meets the real terminal, environment, clock and
// network.
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/secrets.h"
#include "cli/app.h"
#include "cli/curl_client.h"

namespace {

// A line from the terminal that is not shown while it is typed.
std::optional<std::string> read_hidden(const std::string& prompt) {
  std::cerr << prompt << std::flush;
  termios before{};
  const bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
  termios hidden = before;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  if (is_terminal) tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  std::string line;
  const bool read = static_cast<bool>(std::getline(std::cin, line));
  if (is_terminal) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::cerr << '\n';
  return read ? std::optional(line) : std::nullopt;
}

}  // namespace

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
      .read_hidden = isatty(STDIN_FILENO) == 1 ? read_hidden : decltype(cli::World::read_hidden){},
      .client_for = cli::make_curl_client,
      .clock = clock,
      .sleep = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }};
  const std::vector<std::string> words(argv + 1, argv + argc);
  // `ps` shows the words of a program to everybody on this machine.
  for (int i = 1; i < argc; ++i) hide_secrets(argv[i]);
  return static_cast<int>(cli::run_slcli(words, world));
}
