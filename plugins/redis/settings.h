// What the plugin's block in config.lua says.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/redis/address.h"
#include "plugins/redis/commands.h"

namespace sluice::redis_plugin {

struct Settings {
  Address address;
  std::string prefix;  // of keys and channels, but not of `command`
  AllowList commands;
  int64_t max_value;  // bytes of each text that is sent
  std::chrono::milliseconds connect_timeout;
};

// Throws plugin::Failure, which names the key and shows no password.
Settings read_settings(std::string_view config);

}  // namespace sluice::redis_plugin
