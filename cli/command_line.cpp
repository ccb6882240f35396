// The only file that includes CLI11, which takes seconds to compile.
#include "cli/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <set>

#include "base/secrets.h"
#include "cli/layout.h"

namespace sluice::cli {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kVersionText = "slcli " SLUICE_VERSION "\n";

// What every command takes, as the parser fills it in.
struct Globals {
  std::optional<std::string> url;
  std::optional<std::string> output;

  std::vector<Option> options() {
    return {{"-o,--output", "FORMAT", "auto (default), text, or json: everything as JSON", &output},
            {"--url", "URL", "the server; otherwise SLCLI_URL, otherwise ~/.slcli", &url}};
  }
};

Failure bad_call(std::string message, const std::string& command = {}) {
  return usage(std::move(message),
               "`slcli " + (command.empty() ? "" : command + " ") + "--help` says how it is used");
}

Words split_flags(const std::string& flags) {
  Words names;
  for (size_t begin = 0; begin <= flags.size();) {
    const size_t end = std::min(flags.find(',', begin), flags.size());
    names.push_back(flags.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

// The flags after which the next word is a value, over all commands: enough to tell a value from a
// command where options come first.
std::set<std::string> flags_with_value(const Commands& commands) {
  std::set<std::string> flags;
  const auto collect = [&](const std::vector<Option>& options) {
    for (const Option& option : options)
      if (!option.value.empty())
        for (std::string& name : split_flags(option.flags)) flags.insert(std::move(name));
  };
  collect(Globals().options());
  for (const auto& command : commands) collect(command->spec().options);
  return flags;
}

// The index of the command's name in `words`, or their number.
size_t find_command_word(const Words& words, const Commands& commands) {
  const std::set<std::string> with_value = flags_with_value(commands);
  for (size_t i = 0; i < words.size(); ++i) {
    if (with_value.contains(words[i]))
      ++i;
    else if (words[i].empty() || words[i][0] != '-')
      return i;
  }
  return words.size();
}

Command* find_command(const std::string& name, const Commands& commands) {
  for (const auto& command : commands)
    if (command->spec().name == name) return command.get();
  return nullptr;
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row.back();
}

Failure unknown_command(const std::string& name, const Commands& commands) {
  constexpr size_t kLongestWorthComparing = 20, kCloseEnough = 2;
  std::string closest;
  size_t distance = kCloseEnough + 1;
  for (const auto& command : commands) {
    const std::string candidate = command->spec().name;
    if (name.size() > kLongestWorthComparing) break;
    const size_t d = edit_distance(name, candidate);
    if (d < distance) std::tie(distance, closest) = std::tie(d, candidate);
  }
  const std::string guess = closest.empty() ? "" : "; did you mean '" + closest + "'?";
  return bad_call("'" + name + "' is no command of slcli" + guess);
}

std::string general_help(const Commands& commands) {
  std::string text =
      "slcli: run Lua actions on a Sluice server\n\n"
      "Usage: slcli COMMAND [OPTIONS]\n";
  std::vector<std::string> groups;
  for (const auto& command : commands) {
    const std::string group = command->spec().group;
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }
  std::sort(groups.begin(), groups.end());
  for (const std::string& group : groups) {
    text += "\n" + group + ":\n";
    for (const auto& command : commands) {
      const Spec spec = command->spec();
      if (spec.group != group) continue;
      std::string call = spec.name;
      for (const Positional& positional : spec.positionals) call += " " + positional.name;
      call.resize(std::max<size_t>(call.size(), 18), ' ');
      text += "  " + call + "  " + spec.summary + "\n";
    }
  }
  text += "\nOptions of every command:\n";
  for (const Option& option : Globals().options()) {
    std::string flags = option.flags + " " + option.value;
    flags.resize(std::max<size_t>(flags.size(), 18), ' ');
    text += "  " + flags + "  " + option.help + "\n";
  }
  return text +
         "  -h,--help           this text; `slcli help COMMAND` says more of one\n"
         "  --version           the version of slcli\n\n"
         "Exit status: 0 success, 1 job failed, 2 usage, 3 no server, 4 not found, 5 refused\n";
}

void declare(CLI::App& app, const Option& option, const std::string& group) {
  CLI::Option* declared = nullptr;
  if (const auto* flag = std::get_if<bool*>(&option.into)) {
    declared = app.add_flag(option.flags, **flag, option.help);
  } else {
    auto* const into = std::get<std::optional<std::string>*>(option.into);
    declared =
        app.add_option_function<std::string>(
               option.flags, [into](const std::string& value) { *into = value; }, option.help)
            ->type_name(option.value);
  }
  declared->group(option.required ? "Required options" : group);
  if (option.required) declared->required();
}

std::optional<Format> format_of(const std::optional<std::string>& name) {
  if (!name || *name == "auto") return Format::kAuto;
  if (*name == "text") return Format::kText;
  if (*name == "json") return Format::kJson;
  return std::nullopt;
}

// For the case that the words cannot be parsed: what they seem to ask for.
Format apparent_format(const Words& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "-ojson" || words[i] == "--output=json" || words[i] == "-o=json")
      return Format::kJson;
    if ((words[i] == "-o" || words[i] == "--output") && i + 1 < words.size() &&
        words[i + 1] == "json")
      return Format::kJson;
  }
  return Format::kAuto;
}

// CLI11 leaves two empty lines between groups of options.
std::string command_help(const CLI::App& app) {
  std::string text = app.help();
  for (size_t at = 0; (at = text.find("\n\n\n", at)) != std::string::npos;) text.erase(at, 1);
  return text;
}

std::variant<Call, Information, Failure> parse_call(Command& command, Words words) {
  const Spec spec = command.spec();
  Globals globals;
  CLI::App app(spec.summary, "slcli " + spec.name);
  app.set_help_flag("-h,--help", "this text");
  if (!spec.details.empty()) app.footer(spec.details);
  for (const Positional& positional : spec.positionals)
    app.add_option(positional.name, *positional.into, positional.help)->required()->type_name("");
  for (const Option& option : spec.options) declare(app, option, "Options");
  for (const Option& option : globals.options()) declare(app, option, "Options of every command");

  try {
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    app.parse(words);
  } catch (const CLI::CallForHelp&) {
    return Information{command_help(app)};
  } catch (const CLI::ParseError& error) {
    return bad_call(without_secrets(error.what()), spec.name);
  }
  const std::optional<Format> format = format_of(globals.output);
  if (!format)
    return bad_call("-o takes auto, text or json, not '" + *globals.output + "'", spec.name);
  GlobalOptions given;
  given.url = globals.url;
  given.format = *format;
  return Call{&command, given};
}

}  // namespace

std::variant<Call, Information, BadCall> parse_command_line(const Words& words,
                                                            const Commands& commands) {
  Words rest = words;
  size_t at = find_command_word(rest, commands);
  const bool asks_for_help = at < rest.size() && rest[at] == "help";
  if (asks_for_help) {  // `slcli help run` is `slcli run --help`
    rest[at] = "--help";
    at = find_command_word(rest, commands);
  }
  if (at == rest.size()) {
    const auto has = [&](const char* word) {
      return std::find(rest.begin(), rest.end(), word) != rest.end();
    };
    if (has("--version")) return Information{kVersionText};
    if (has("--help") || has("-h")) return Information{general_help(commands)};
    return BadCall{bad_call("a command is missing"), apparent_format(words)};
  }

  Command* const command = find_command(rest[at], commands);
  if (!command) return BadCall{unknown_command(rest[at], commands), apparent_format(words)};
  rest.erase(rest.begin() + static_cast<ptrdiff_t>(at));
  auto parsed = parse_call(*command, std::move(rest));
  if (auto* failure = std::get_if<Failure>(&parsed))
    return BadCall{std::move(*failure), apparent_format(words)};
  if (auto* information = std::get_if<Information>(&parsed)) return std::move(*information);
  return std::get<Call>(parsed);
}

}  // namespace sluice::cli
