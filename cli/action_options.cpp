#include "cli/action_options.h"

#include "base/hash.h"
#include "cli/files.h"
#include "cli/quantity.h"

namespace sluice::cli {

std::vector<Option> ActionOptions::options(const std::string& without_limit,
                                           const std::string& without_cap) {
  return {
      {"-f,--file", "FILE", "the Lua source; - reads standard input", &file, true},
      {"-t,--timeout", "MS", "time limit: 500, 500ms, 2s, 1m (" + without_limit + ")", &timeout},
      {"-m,--memory", "KB", "memory limit: 512, 512K, 64M, 1G (" + without_limit + ")", &memory},
      {"--max-concurrency", "N",
       "how many of it may run at a time; 0: any number (" + without_cap + ")", &max_concurrency}};
}

Attempt<ActionInput> read_action(const ActionOptions& options, std::istream& standard_input) {
  ActionInput input;
  if (options.timeout) {
    const auto timeout = parse_duration(*options.timeout);
    if (!timeout.ok()) return usage(timeout.error());
    input.timeout_ms = timeout->count();
  }
  if (options.memory) {
    const auto memory = parse_size_kb(*options.memory);
    if (!memory.ok()) return usage(memory.error());
    input.maxmem_kb = *memory;
  }
  if (options.max_concurrency) {
    const auto cap = parse_count(*options.max_concurrency);
    if (!cap.ok()) return usage(cap.error());
    input.max_concurrency = *cap;
  }
  const Result<std::string> source = read_file(options.file.value_or("-"), standard_input);
  if (!source.ok()) return usage(source.error());
  input.code = base64_encode(*source);
  return input;
}

}  // namespace sluice::cli
