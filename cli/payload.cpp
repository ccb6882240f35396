#include "cli/payload.h"

#include <unistd.h>

#include "base/json_check.h"
#include "cli/files.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kNoArguments = "{}";
constexpr std::string_view kWhiteSpace = " \t\r\n";

bool looks_like_json(std::string_view text) {
  const size_t first = text.find_first_not_of(kWhiteSpace);
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(kWhiteSpace) == std::string_view::npos;
}

Result<std::string> checked(std::string text, const std::string& source) {
  if (is_blank(text)) return std::string(kNoArguments);
  JsonChecker checker;
  if (const Status status = checker.check(text); !status.ok())
    return Error{Code::kInvalid, "", source + " is not JSON: " + status.error().message};
  return text;
}

}  // namespace

Result<std::string> read_payload(const std::optional<std::string>& argument,
                                 std::istream& standard_input) {
  if (!argument) return std::string(kNoArguments);
  if (looks_like_json(*argument)) return checked(*argument, "the payload");

  const bool is_file = *argument == "-" || access(argument->c_str(), F_OK) == 0;
  if (!is_file) {
    JsonChecker checker;
    if (checker.check(*argument).ok()) return *argument;
  }
  Result<std::string> content = read_file(*argument, standard_input);
  if (!content.ok()) return content.error();
  return checked(std::move(content).value(), *argument == "-" ? "standard input" : *argument);
}

}  // namespace sluice::cli
