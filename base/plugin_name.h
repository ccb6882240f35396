// What a plugin may be called: in a configuration, and where an action says which ones it may use.
#pragma once

#include <algorithm>
#include <string_view>

namespace sluice {

inline constexpr std::string_view kPluginNameRule = "1 to 64 of the characters A-Z a-z 0-9 _ . -";

inline bool is_plugin_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

}  // namespace sluice
