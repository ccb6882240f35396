// What `create` and `update` are told of an action.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"

namespace sluice::cli {

struct ActionOptions {
  std::optional<std::string> file;
  std::optional<std::string> timeout;
  std::optional<std::string> memory;
  std::optional<std::string> max_concurrency;
  std::optional<std::string> allow;

  // What a limit is that is not given, and what the rest.
  std::vector<Option> options(const std::string& without_limit, const std::string& without_cap,
                              const std::string& without_allow);
};

// The same, read and checked.
struct ActionInput {
  std::string code;  // base64 of the source
  std::optional<int64_t> timeout_ms;
  std::optional<int64_t> maxmem_kb;
  std::optional<int64_t> max_concurrency;  // 0: no cap
  std::optional<std::string> allow;        // JSON: names of plugins, or null for all
};

Attempt<ActionInput> read_action(const ActionOptions& options, std::istream& standard_input);

}  // namespace sluice::cli
