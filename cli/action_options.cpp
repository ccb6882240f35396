#include "cli/action_options.h"

#include <algorithm>

#include "base/hash.h"
#include "base/json_doc.h"
#include "base/plugin_name.h"
#include "cli/files.h"
#include "cli/quantity.h"

namespace sluice::cli {

namespace {

// "mongo,http", "" for none, "*" for all; as JSON.
Result<std::string> parse_allow(const std::string& text) {
  if (text == "*") return std::string("null");
  std::string json;
  for (size_t begin = 0; !text.empty() && begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string name = text.substr(begin, end - begin);
    if (!is_plugin_name(name)) {
      return Error{Code::kInvalid, "",
                   "'" + name + "' is no name of a plugin (" + std::string(kPluginNameRule) +
                       "): give names with commas between them, such as mongo,http; '' for none, "
                       "'*' for all"};
    }
    json += (json.empty() ? "" : ",") + json_quoted(name);
    begin = end + 1;
  }
  return "[" + json + "]";
}

}  // namespace

std::vector<Option> ActionOptions::options(const std::string& without_limit,
                                           const std::string& without_cap,
                                           const std::string& without_allow) {
  return {
      {"-f,--file", "FILE", "the Lua source; - reads standard input", &file, true},
      {"-t,--timeout", "MS", "time limit: 500, 500ms, 2s, 1m (" + without_limit + ")", &timeout},
      {"-m,--memory", "KB", "memory limit: 512, 512K, 64M, 1G (" + without_limit + ")", &memory},
      {"--max-concurrency", "N",
       "how many of it may run at a time; 0: any number (" + without_cap + ")", &max_concurrency},
      {"--allow", "NAMES",
       "the plugins it may call, such as mongo,http; '' for none, '*' for all (" + without_allow +
           ")",
       &allow}};
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
  if (options.allow) {
    Result<std::string> allow = parse_allow(*options.allow);
    if (!allow.ok()) return usage(allow.error());
    input.allow = *std::move(allow);
  }
  const Result<std::string> source = read_file(options.file.value_or("-"), standard_input);
  if (!source.ok()) return usage(source.error());
  input.code = base64_encode(*source);
  return input;
}

}  // namespace sluice::cli
