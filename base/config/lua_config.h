// Reads config.lua: which blocks it calls, with which values. What they mean is for load.cpp.
//
// The text is run in a Lua state that can do nothing else: no libraries, no global variables but
// the blocks, bounded instructions and memory. It is a file of the operator's, but it may come from
// a template or a mistake.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/config/value.h"
#include "base/result.h"

namespace sluice::config {

struct ConfigKey {
  std::string name;
  Value value;
  int line = 0;
};

struct ConfigBlock {
  std::string name;   // one of block_names()
  std::string label;  // of a Plugin: its name
  int line = 0;
  std::vector<ConfigKey> keys;  // sorted by line; of a Plugin the server's own
  std::string options;          // of a Plugin: the others as a JSON object
};

// The blocks in the order of their calls. `path` is for the messages.
Result<std::vector<ConfigBlock>> parse_config(std::string_view text, const std::string& path);

}  // namespace sluice::config
