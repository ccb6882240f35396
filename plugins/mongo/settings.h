// What the plugin's block in config.lua says.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/mongo/handles.h"
#include "sluice/plugin.h"

namespace sluice::plugin::mongo {

struct Settings {
  UriPtr uri;  // with the time-outs and the size of the pool in it
  std::string database;
  std::vector<std::string> collections;  // empty: all but the server's own
  int64_t max_documents = 1'000;         // of one answer, and of one insert_many
  size_t max_bytes = 0;                  // of one answer, as JSON
  bool allow_javascript = false;
  bool allow_out = false;  // the stages $out and $merge
};

// Throws Failure: what is wrong, without the URL. Connects to nothing.
Settings read_settings(std::string_view config, const sluice_host& host);

}  // namespace sluice::plugin::mongo
