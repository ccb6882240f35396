// sluice: the server.

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apps/sluice/doctor.h"
#include "apps/sluice/fleet_api.h"
#include "apps/sluice/fleet_runner.h"
#include "apps/sluice/fleet_view.h"
#include "apps/sluice/migrate.h"
#include "apps/sluice/serve.h"
#include "apps/sluice/token.h"
#include "base/config/settings.h"
#include "base/secrets.h"

namespace {

// Exit codes: 0 ended as told, 1 could not start or go on, 2 wrong usage or configuration.
constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct Arguments {
  std::string config_file;
  std::map<std::string, std::string> values;  // by flag; empty: not given
  sluice::FleetQuestion fleet;
  sluice::DoctorQuestion doctor;
  sluice::TokenWish token;
};

sluice::Status print_settings(const sluice::Settings& settings) {
  std::fputs(sluice::describe(settings).c_str(), stdout);
  return {};
}

struct Command {
  const char* name;
  const char* help;
  // The flags it takes: settings whose names begin with one of these words. Environment and
  // config.lua may say more, for the other programs of the same machine. None: it needs no
  // settings.
  std::vector<std::string_view> settings;
  // Sets the last where threads were left that may not see this process destroyed.
  sluice::Status (*run)(const sluice::Settings& settings, const Arguments& arguments,
                        bool& threads_left);
};

const std::vector<Command> kCommands = {
    {"serve",
     "Run everything in this process: HTTP API, store, queue, runner",
     {"log.", "data", "store", "sqlite.", "mongodb.", "api.", "runner.workers", "runner.name",
      "runner.grace"},
     [](const auto& settings, const auto&, bool& left) { return sluice::serve(settings, left); }},
    {"api",
     "The HTTP half of a fleet: answers requests, keeps nothing",
     {"log.", "mongodb.", "redis.", "api.", "runner.grace"},
     [](const auto& settings, const auto&, bool&) { return sluice::serve_api(settings); }},
    {"runner",
     "A half of a fleet that runs jobs",
     {"log.", "mongodb.", "redis.", "runner.", "api.tokens", "api.insecure"},
     [](const auto& settings, const auto&, bool& left) {
       return sluice::serve_runner(settings, left);
     }},
    {"fleet",
     "Show the runners of a fleet and what waits for them",
     {"mongodb.", "redis."},
     [](const auto& settings, const auto& arguments, bool&) {
       return sluice::show_fleet(settings, arguments.fleet);
     }},
    {"migrate",
     "Bring the fleet's MongoDB to what this release needs",
     {"log.", "mongodb."},
     [](const auto& settings, const auto&, bool&) { return sluice::migrate(settings); }},
    {"doctor",
     "Start a worker and show what confines it on this host",
     {},
     [](const auto& settings, const auto& arguments, bool&) {
       return sluice::examine(settings, arguments.doctor);
     }},
    {"token",
     "Make a token for the API: prints it once, and the entry that lets it in",
     {},
     [](const auto&, const auto& arguments, bool&) {
       return sluice::print_new_token(arguments.token);
     }},
    {"config",
     "Print the settings in force and where each comes from",
     {""},
     [](const auto& settings, const auto&, bool&) { return print_settings(settings); }},
};

bool takes(const Command& command, std::string_view setting) {
  for (const std::string_view prefix : command.settings) {
    if (setting.starts_with(prefix)) return true;
  }
  return false;
}

void add_settings(CLI::App& app, const Command& command, Arguments& arguments) {
  app.add_option("--config", arguments.config_file, "Read this config.lua (also SLUICE_CONFIG)")
      ->type_name("FILE");
  for (const sluice::FlagHelp& flag : sluice::setting_flags()) {
    if (!takes(command, flag.setting)) continue;
    std::string& value = arguments.values[flag.flag];
    if (flag.value.empty()) {
      app.add_flag("--" + flag.flag, value, flag.help);
    } else {
      app.add_option("--" + flag.flag, value, flag.help)->type_name(flag.value);
    }
  }
}

void add_options(CLI::App& app, const Command& command, Arguments& arguments) {
  if (!command.settings.empty()) add_settings(app, command, arguments);
  if (std::string_view(command.name) == "fleet") {
    app.add_flag("--json", arguments.fleet.json, "For programs");
    app.add_option("--host", arguments.fleet.host,
                   "Fail unless a runner of this host is alive: its health check")
        ->type_name("NAME");
  }
  if (std::string_view(command.name) == "token") {
    app.add_option("--name", arguments.token.name, "Whose it is")->type_name("NAME")->required();
    app.add_option("--role", arguments.token.role,
                   "read: looks; invoke: also has actions run; admin: also changes actions")
        ->type_name("ROLE")
        ->required();
  }
  if (std::string_view(command.name) == "doctor") {
    app.add_flag("--json", arguments.doctor.json, "For programs");
    app.add_flag("--strict", arguments.doctor.strict, "Fail unless every layer is active");
  }
}

sluice::Result<sluice::Settings> settings_of(const CLI::App& command, const Arguments& arguments) {
  // `sluice token` works where nothing is set up yet.
  if (command.get_option_no_throw("--config") == nullptr) return sluice::Settings();
  sluice::Flags given;
  for (const auto& [flag, value] : arguments.values) {
    const CLI::Option* option = command.get_option_no_throw("--" + flag);
    if (option != nullptr && option->count() > 0) given[flag] = value;
  }
  std::optional<std::string> file;
  if (!arguments.config_file.empty()) file = arguments.config_file;
  return sluice::load_settings(given, sluice::process_environment(), file);
}

std::string command_names() {
  std::string names;
  for (size_t i = 0; i < kCommands.size(); ++i) {
    const char* between = i == 0 ? "" : i + 1 == kCommands.size() ? " and " : ", ";
    names += between + std::string(kCommands[i].name);
  }
  return names;
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
    text = "'" + strangers.front() + "' is no command of sluice; there are " + command_names();
  }
  const std::string called = given.empty() ? "sluice" : "sluice " + command.get_name();
  return text + "\n        `" + called + " --help` says how it is used";
}

void complain(const std::string& text) {
  std::fprintf(stderr, "sluice: %s\n", sluice::without_secrets(text).c_str());
}

int exit_code(const sluice::Status& ended) {
  if (ended.ok()) return 0;
  return ended.error().code == sluice::Code::kInvalid ? kUsage : kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Sluice runs Lua functions as durable, sandboxed jobs.", "sluice");
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);
  app.require_subcommand(1);

  Arguments arguments;
  std::vector<CLI::App*> parsers;
  for (const Command& command : kCommands) {
    parsers.push_back(app.add_subcommand(command.name, command.help));
    add_options(*parsers.back(), command, arguments);
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // the help or the version
    complain(explain(error, app));
    return kUsage;
  }
  // What has been read: `ps` shows the words of a program to everybody on this machine.
  for (int i = 1; i < argc; ++i) sluice::hide_secrets(argv[i]);

  size_t chosen = 0;
  while (!parsers[chosen]->parsed()) ++chosen;
  const sluice::Result<sluice::Settings> settings = settings_of(*parsers[chosen], arguments);
  if (!settings.ok()) {
    complain(settings.error().message);
    return kUsage;
  }
  bool threads_left = false;
  const sluice::Status ended = kCommands[chosen].run(*settings, arguments, threads_left);
  if (!ended.ok()) complain(ended.error().message);
  const int code = exit_code(ended);
  if (threads_left) {
    std::fflush(nullptr);
    _exit(code);
  }
  return code;
}
