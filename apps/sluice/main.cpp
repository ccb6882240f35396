// sluice: the server.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "apps/sluice/serve.h"
#include "base/config/settings.h"

namespace {

// Exit codes: 0 ended as told, 1 could not start or go on, 2 wrong usage or configuration.
constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct Arguments {
  std::string config_file;
  std::map<std::string, std::string> values;  // by flag; empty: not given
};

void add_settings(CLI::App& command, Arguments& arguments) {
  command
      .add_option("--config", arguments.config_file, "Read this config.lua (also SLUICE_CONFIG)")
      ->type_name("FILE");
  for (const sluice::FlagHelp& flag : sluice::setting_flags()) {
    command.add_option("--" + flag.flag, arguments.values[flag.flag], flag.help)
        ->type_name(flag.value);
  }
}

sluice::Result<sluice::Settings> settings_of(const CLI::App& command, const Arguments& arguments) {
  sluice::Flags given;
  for (const auto& [flag, value] : arguments.values) {
    if (command.count("--" + flag) > 0) given[flag] = value;
  }
  std::optional<std::string> file;
  if (!arguments.config_file.empty()) file = arguments.config_file;
  return sluice::load_settings(given, sluice::process_environment(), file);
}

// What is wrong with the words that the parser refused.
std::string explain(const CLI::ParseError& error, const CLI::App& app) {
  const auto given = app.get_subcommands();  // the command that was named, if one was
  const CLI::App& command = given.empty() ? app : *given.front();
  const std::vector<std::string> strangers = app.remaining(true);
  std::string text;
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !strangers.empty()) {
    text = "unexpected argument '" + strangers.front() + "'";
  } else if (!given.empty()) {
    text = error.what();
  } else if (strangers.empty()) {
    text = "a command is missing";
  } else if (strangers.front().starts_with('-')) {
    text = "unexpected argument '" + strangers.front() + "' before the command";
  } else {
    text = "'" + strangers.front() + "' is no command of sluice; there are serve and config";
  }
  const std::string called = given.empty() ? "sluice" : "sluice " + command.get_name();
  return text + "\n        `" + called + " --help` says how it is used";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Sluice runs Lua functions as durable, sandboxed jobs.", "sluice");
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);
  app.require_subcommand(1);

  Arguments arguments;
  CLI::App* serve =
      app.add_subcommand("serve", "Run everything in this process: HTTP API, store, queue, runner");
  CLI::App* config =
      app.add_subcommand("config", "Print the settings in force and where each comes from");
  add_settings(*serve, arguments);
  add_settings(*config, arguments);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // the help or the version
    std::fprintf(stderr, "sluice: %s\n", explain(error, app).c_str());
    return kUsage;
  }

  const CLI::App& command = serve->parsed() ? *serve : *config;
  const sluice::Result<sluice::Settings> settings = settings_of(command, arguments);
  if (!settings.ok()) {
    std::fprintf(stderr, "sluice: %s\n", settings.error().message.c_str());
    return kUsage;
  }
  if (config->parsed()) {
    std::fputs(sluice::describe(*settings).c_str(), stdout);
    return 0;
  }
  const sluice::Status ended = sluice::serve(*settings);
  if (!ended.ok()) {
    std::fprintf(stderr, "sluice: %s\n", ended.error().message.c_str());
    return ended.error().code == sluice::Code::kInvalid ? kUsage : kFailed;
  }
  return 0;
}
