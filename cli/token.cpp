#include "cli/token.h"

#include <algorithm>
#include <istream>

#include "cli/files.h"

namespace sluice::cli {
namespace {

constexpr size_t kLongest = 4096;  // of other servers' or proxies' tokens, too

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

}  // namespace

Attempt<std::string> checked_token(std::string_view text, const std::string& source) {
  const std::string_view token = without_blanks(text);
  if (token.empty()) return usage(source + " holds no token", "`sluice token` makes one");
  const bool printable =
      std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!printable || token.size() > kLongest)
    return usage(source + " holds something that is no token: it is one word, such as slu_0123…");
  return std::string(token);
}

Attempt<std::string> ask_for_token(World& world) {
  if (world.read_hidden) {
    const std::optional<std::string> typed = world.read_hidden("Token (it is not shown): ");
    if (!typed) return usage("no token was typed");
    return checked_token(*typed, "what was typed");
  }
  std::string line;
  std::getline(world.in, line);
  return checked_token(line, "the first line of standard input");
}

Attempt<std::string> token_in_file(World& world, const std::string& path) {
  Result<std::string> content = read_file(path, world.in);
  if (!content.ok()) return usage(content.error());
  return checked_token(*content, path == "-" ? "standard input" : path);
}

}  // namespace sluice::cli
