// load_settings: the four sources, joined. The later wins: defaults, config.lua, environment,
// flags.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/config/lua_config.h"
#include "base/config/lua_state.h"
#include "base/config/nearest.h"
#include "base/config/plugin_keys.h"
#include "base/config/schema.h"
#include "base/config/settings.h"

namespace sluice {
namespace config {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMaxConfigBytes = 256 << 10;

Error invalid(std::string message) {
  return {Code::kInvalid, "", std::move(message)};
}

std::string did_you_mean(std::string_view typed, std::span<const std::string_view> known) {
  if (const std::string_view meant = nearest(typed, known); !meant.empty())
    return fmt::format("; did you mean '{}'?", meant);
  return fmt::format("; there {} {}", known.size() == 1 ? "is" : "are", fmt::join(known, ", "));
}

class Loader {
 public:
  Status config_file(const std::string& path);
  Status environment(const Environment& environment);
  Status flags(const Flags& flags);
  Status agree() const;
  Settings take() { return std::move(settings_); }

 private:
  Status block(const ConfigBlock& block);
  Status store_block(const ConfigBlock& block);
  Status plugin(const ConfigBlock& block);
  std::string in_config_folder(const std::string& path) const;
  void set(const Setting& setting, const Value& value, std::string origin) {
    setting.write(settings_, value);
    settings_.origins[std::string(setting.name)] = std::move(origin);
  }
  std::string place_of(std::string_view name) const;

  Settings settings_;
  std::string path_;  // of config.lua
  std::map<std::string, int> block_lines_;
  std::string store_block_;
};

Status Loader::config_file(const std::string& path) {
  path_ = path;
  std::error_code failed;
  const uintmax_t size = fs::file_size(path, failed);
  if (failed) return invalid(fmt::format("{}: cannot be read: {}", path, failed.message()));
  if (size > kMaxConfigBytes)
    return invalid(fmt::format("{}: longer than {} KiB", path, kMaxConfigBytes >> 10));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || (size > 0 && !(text << file.rdbuf())))
    return invalid(fmt::format("{}: cannot be read", path));

  const Result<std::vector<ConfigBlock>> blocks = parse_config(text.str(), path);
  if (!blocks.ok()) return blocks.error();
  for (const ConfigBlock& one : *blocks) {
    const Status taken = one.name == "Plugin" ? plugin(one) : block(one);
    if (!taken.ok()) return taken;
  }
  return {};
}

Status Loader::block(const ConfigBlock& block) {
  const auto [first, is_new] = block_lines_.try_emplace(block.name, block.line);
  if (!is_new)
    return config_error(path_, block.line,
                        fmt::format("{} is given a second time; the first is in line {}",
                                    block.name, first->second));
  if (const Status taken = store_block(block); !taken.ok()) return taken;

  const std::vector<std::string_view> known = keys_of(block.name);
  for (const ConfigKey& key : block.keys) {
    const Setting* setting = find_setting(block.name, key.name);
    if (!setting) {
      const std::string hint = known.empty() ? "; it takes none" : did_you_mean(key.name, known);
      return config_error(path_, key.line,
                          fmt::format("{} has no key '{}'{}", block.name, key.name, hint));
    }
    Result<Value> value = fit(setting->shape, key.value);
    if (!value.ok())
      return config_error(path_, key.line,
                          fmt::format("{}: '{}' must be {}, not {}", block.name, key.name,
                                      value.error().message, quote(setting->shape, key.value)));
    const bool is_path = setting->shape.kind == Kind::kPath || setting->shape.kind == Kind::kTokens;
    if (is_path && std::holds_alternative<std::string>(*value))
      value = Value(in_config_folder(std::get<std::string>(*value)));
    set(*setting, *value, fmt::format("{}:{}", path_, key.line));
  }
  return {};
}

Status Loader::store_block(const ConfigBlock& block) {
  const std::string_view store = store_of_block(block.name);
  if (store.empty()) return {};
  if (!store_block_.empty())
    return config_error(path_, block.line,
                        fmt::format("{} is a second store, besides {} in line {}; there can be one",
                                    block.name, store_block_, block_lines_.at(store_block_)));
  store_block_ = block.name;
  set(*find_setting("store"), std::string(store), fmt::format("{}:{}", path_, block.line));
  return {};
}

Status Loader::plugin(const ConfigBlock& block) {
  const auto refuse = [&](std::string_view why) {
    return config_error(path_, block.line, fmt::format("Plugin \"{}\": {}", block.label, why));
  };
  if (!is_plugin_name(block.label)) return refuse(kPluginNameIs);
  for (const Settings::Plugin& other : settings_.plugins) {
    if (other.name == block.label)
      return refuse(fmt::format("is given a second time; the first is {}", other.origin));
  }
  Settings::Plugin plugin;
  plugin.name = block.label;
  plugin.file = block.label + ".so";
  plugin.folder = fs::path(path_).parent_path().string();
  plugin.options = block.options;
  plugin.origin = fmt::format("{}:{}", path_, block.line);
  for (const ConfigKey& key : block.keys) {
    const PluginKey& own = *find_plugin_key(key.name);
    const Result<Value> value = fit(own.shape, key.value);
    if (!value.ok())
      return config_error(
          path_, key.line,
          fmt::format("Plugin \"{}\": '{}' must be {}, not {}", block.label, key.name,
                      value.error().message, quote(own.shape, key.value)));
    own.write(plugin, *value);
    settings_.origins[fmt::format("plugin.{}.{}", block.label, key.name)] =
        fmt::format("{}:{}", path_, key.line);
  }
  settings_.plugins.push_back(std::move(plugin));
  return {};
}

Status Loader::environment(const Environment& environment) {
  for (const Setting& setting : schema()) {
    const std::string name(setting.environment);
    const std::optional<std::string> text = environment(name);
    if (!text) continue;
    const Result<Value> value = fit(setting.shape, *text);
    if (!value.ok())
      return invalid(fmt::format("environment: {} must be {}, not {}", name, value.error().message,
                                 quote(setting.shape, *text)));
    set(setting, *value, fmt::format("environment {}", name));
  }
  return {};
}

Status Loader::flags(const Flags& flags) {
  for (const auto& [flag, text] : flags) {
    const Setting* setting = nullptr;
    std::vector<std::string_view> known;
    for (const Setting& candidate : schema()) {
      if (candidate.flag.empty()) continue;
      known.push_back(candidate.flag);
      if (candidate.flag == flag) setting = &candidate;
    }
    if (!setting) {
      const std::string_view meant = nearest(flag, known);
      return invalid(
          fmt::format("unknown flag --{}{}", flag,
                      meant.empty() ? "" : fmt::format("; did you mean '--{}'?", meant)));
    }
    const Result<Value> value = fit(setting->shape, text);
    if (!value.ok())
      return invalid(fmt::format("--{} must be {}, not {}", flag, value.error().message,
                                 quote(setting->shape, text)));
    set(*setting, *value, fmt::format("flag --{}", flag));
  }
  return {};
}

// Settings that are right one by one, but not together.
Status Loader::agree() const {
  const Settings::Api& api = settings_.api;
  if (api.timeout > api.max_timeout)
    return invalid(fmt::format("api.timeout ({}) is above api.max_timeout ({})",
                               place_of("api.timeout"), place_of("api.max_timeout")));
  if (api.maxmem_kb > api.max_maxmem_kb)
    return invalid(fmt::format("api.maxmem ({}) is above api.max_maxmem ({})",
                               place_of("api.maxmem"), place_of("api.max_maxmem")));
  if (!settings_.store_key.key.empty() && !settings_.store_key.file.empty())
    return invalid(
        fmt::format("store.key ({}) and store.key_file ({}) are both given; there can "
                    "be one",
                    place_of("store.key"), place_of("store.key_file")));
  return {};
}

std::string Loader::place_of(std::string_view name) const {
  const Setting& setting = *find_setting(name);
  const auto origin = settings_.origins.find(name);
  return fmt::format("{}, {}", show(setting.shape, setting.read(settings_)),
                     origin == settings_.origins.end() ? "default" : origin->second);
}

std::string Loader::in_config_folder(const std::string& path) const {
  const fs::path written(path);
  if (written.is_absolute()) return path;
  return (fs::path(path_).parent_path() / written).lexically_normal().string();
}

}  // namespace
}  // namespace config

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (!value) return std::nullopt;
    return value;
  };
}

Result<Settings> load_settings(const Flags& flags, const Environment& environment,
                               const std::optional<std::string>& config_file) {
  config::Loader loader;
  const std::optional<std::string> path = config_file ? config_file : environment("SLUICE_CONFIG");
  if (path && !path->empty()) {
    if (const Status read = loader.config_file(*path); !read.ok()) return read.error();
  }
  if (const Status read = loader.environment(environment); !read.ok()) return read.error();
  if (const Status read = loader.flags(flags); !read.ok()) return read.error();
  if (const Status agreed = loader.agree(); !agreed.ok()) return agreed.error();
  return loader.take();
}

}  // namespace sluice
