// The table of all settings: each stands here once, and parsing, errors, `sluice config` and
// `--help` follow from it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config/settings.h"
#include "base/config/value.h"

namespace sluice::config {

struct Setting {
  std::string_view name;         // "api.body_limit", as `sluice config` prints it
  std::string_view block;        // "Api"; empty: not in config.lua
  std::string_view key;          // "body_limit"; empty: not in config.lua
  std::string_view environment;  // "SLUICE_BODY_LIMIT"
  std::string_view flag;         // "body-limit"; empty: none
  std::string_view placeholder;  // "BYTES"
  std::string_view help;
  Shape shape;
  std::function<Value(const Settings&)> read;
  std::function<void(Settings&, const Value&)> write;  // of a value that fits the shape
};

const std::vector<Setting>& schema();

// The names of the calls that config.lua may make, Plugin included.
std::span<const std::string_view> block_names();

// The keys of one block.
std::vector<std::string_view> keys_of(std::string_view block);

// The store that a block selects, as the value of "store"; empty when it is not a store's block.
std::string_view store_of_block(std::string_view block);

const Setting* find_setting(std::string_view block, std::string_view key);
const Setting* find_setting(std::string_view name);

}  // namespace sluice::config
