#include "base/config/plugin_keys.h"

#include <algorithm>
#include <vector>

namespace sluice::config {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::span<const PluginKey> plugin_keys() {
  using Plugin = Settings::Plugin;
  static const std::vector<PluginKey> keys = {
      {"file",
       {Kind::kPath},
       [](const Plugin& plugin) { return plugin.file; },
       [](Plugin& plugin, const Value& value) { plugin.file = std::get<std::string>(value); }},
      {"concurrency",
       {Kind::kNumber, 1, 256},
       [](const Plugin& plugin) { return plugin.concurrency; },
       [](Plugin& plugin, const Value& value) { plugin.concurrency = std::get<int64_t>(value); }},
      {"queue",
       {Kind::kNumber, 0, 100'000},
       [](const Plugin& plugin) { return plugin.queue; },
       [](Plugin& plugin, const Value& value) { plugin.queue = std::get<int64_t>(value); }},
      {"timeout",
       {Kind::kMillis, 1, 3'600'000},
       [](const Plugin& plugin) { return int64_t{plugin.timeout.count()}; },
       [](Plugin& plugin, const Value& value) {
         plugin.timeout = Millis(std::get<int64_t>(value));
       }},
  };
  return keys;
}

const PluginKey* find_plugin_key(std::string_view name) {
  for (const PluginKey& key : plugin_keys())
    if (key.name == name) return &key;
  return nullptr;
}

bool is_plugin_name(std::string_view name) {
  constexpr size_t kLongest = 64;
  return !name.empty() && name.size() <= kLongest && is_letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.';
         });
}

}  // namespace sluice::config
