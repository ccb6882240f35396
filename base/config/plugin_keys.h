// The keys of a Plugin block that are the server's own: all others are for the plugin.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "base/config/settings.h"
#include "base/config/value.h"

namespace sluice::config {

struct PluginKey {
  std::string_view name;
  Shape shape;
  std::function<Value(const Settings::Plugin&)> read;
  std::function<void(Settings::Plugin&, const Value&)> write;  // of a value that fits the shape
};

std::span<const PluginKey> plugin_keys();
const PluginKey* find_plugin_key(std::string_view name);

// Whether a plugin may be called so: such names stand in Lua code, in lists with commas, in
// metrics.
bool is_plugin_name(std::string_view name);
inline constexpr std::string_view kPluginNameIs =
    "a name has letters, digits, '_', '-' and '.', begins with a letter or digit, and is not "
    "longer "
    "than 64";

}  // namespace sluice::config
