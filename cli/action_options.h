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

  // What a limit and a cap are that are not given.
  std::vector<Option> options(const std::string& without_limit, const std::string& without_cap);
};

// The same, read and checked.
struct ActionInput {
  std::string code;  // base64 of the source
  std::optional<int64_t> timeout_ms;
  std::optional<int64_t> maxmem_kb;
  std::optional<int64_t> max_concurrency;  // 0: no cap
};

Attempt<ActionInput> read_action(const ActionOptions& options, std::istream& standard_input);

}  // namespace sluice::cli
