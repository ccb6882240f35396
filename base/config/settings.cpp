#include "base/config/settings.h"

#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "base/config/plugin_keys.h"
#include "base/config/schema.h"
#include "base/secrets.h"

namespace sluice {
namespace {

std::string shown_value(const config::Setting& setting, const Settings& settings) {
  if (setting.name == "sqlite.path") return settings.sqlite_path();
  const std::string text = config::show(setting.shape, setting.read(settings));
  return text.empty() ? "-" : without_secrets(text);
}

}  // namespace

Settings::Settings() {
  runner.workers = std::max(1u, std::thread::hardware_concurrency());
}

std::string Settings::sqlite_path() const {
  return sqlite.path.empty() ? data_dir + "/sluice.db" : sqlite.path;
}

std::string Settings::mongodb_uri() const {
  const std::string_view plain = "mongodb://";
  if (!mongodb.url.starts_with(plain)) return mongodb.url;  // mongodb+srv: the name server knows
  const size_t path = mongodb.url.find_first_of("/?", plain.size());
  const std::string authority = mongodb.url.substr(0, path);
  const std::string rest = path == std::string::npos ? "" : mongodb.url.substr(path);
  const size_t host = std::max(authority.rfind('@') + 1, plain.size());  // npos + 1 is 0
  const std::string hosts = authority.substr(host);
  const bool has_port = hosts.rfind(':') != std::string::npos && !hosts.ends_with(']');
  const bool is_plain_host =
      hosts.find(',') == std::string::npos && hosts.find("%2F") == std::string::npos;
  if (has_port || !is_plain_host) return mongodb.url;
  return authority + ":" + std::to_string(mongodb.port) + rest;
}

std::string describe(const Settings& settings) {
  struct Line {
    std::string name, value, origin;
  };
  std::vector<Line> lines = {{"SETTING", "VALUE", "FROM"}};
  for (const config::Setting& setting : config::schema()) {
    const auto origin = settings.origins.find(setting.name);
    lines.push_back({std::string(setting.name), shown_value(setting, settings),
                     origin == settings.origins.end() ? "default" : origin->second});
  }
  // What else stands in their blocks is the plugins': it may hold passwords, and is not shown.
  for (const Settings::Plugin& plugin : settings.plugins) {
    for (const config::PluginKey& key : config::plugin_keys()) {
      std::string name = fmt::format("plugin.{}.{}", plugin.name, key.name);
      const auto origin = settings.origins.find(name);
      lines.push_back({std::move(name), config::show(key.shape, key.read(plugin)),
                       origin == settings.origins.end() ? "default" : origin->second});
    }
  }

  size_t name_width = 0, value_width = 0;
  for (const Line& line : lines) {
    name_width = std::max(name_width, line.name.size());
    value_width = std::max(value_width, line.value.size());
  }
  std::string table;
  for (const Line& line : lines)
    table += fmt::format("{:<{}}  {:<{}}  {}\n", line.name, name_width, line.value, value_width,
                         line.origin);
  return table;
}

std::vector<FlagHelp> setting_flags() {
  const Settings defaults;
  std::vector<FlagHelp> flags;
  for (const config::Setting& setting : config::schema()) {
    if (setting.flag.empty()) continue;
    flags.push_back({std::string(setting.name), std::string(setting.flag),
                     std::string(setting.placeholder),
                     fmt::format("{} [{}]", setting.help, shown_value(setting, defaults))});
  }
  return flags;
}

}  // namespace sluice
