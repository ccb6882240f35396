// docs/openapi.yaml describes the routes there are, no more and no fewer.
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "world.h"

namespace sluice::test {
namespace {

// "/actions/:name" as OpenAPI writes it: "/actions/{name}".
std::string in_braces(const std::string& pattern) {
  std::string text;
  bool inside = false;
  for (char c : pattern) {
    if (inside && c == '/') {
      text += '}';
      inside = false;
    }
    text += c == ':' ? '{' : c;
    inside = inside || c == ':';
  }
  return inside ? text + '}' : text;
}

std::string lower(std::string_view text) {
  std::string copy(text);
  for (char& c : copy) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return copy;
}

TEST_CASE("the OpenAPI description and the router name the same routes, with their roles") {
  std::set<std::string> served;
  World world;
  for (const auto& [method, pattern, role] : world.api->routes())
    served.insert(lower(to_string(method)) + " " + in_braces(pattern) + ", " +
                  (role <= api::Role::kAnyone ? "open" : std::string(to_string(role))));

  std::ifstream file(SLUICE_SOURCE_DIR "/docs/openapi.yaml");
  REQUIRE(file);
  const std::set<std::string> methods = {"get",    "head",  "post",   "put",
                                         "delete", "patch", "options"};
  std::set<std::string> described;
  std::string path;
  std::string method;
  bool in_paths = false;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != ' ' && line[0] != '#') in_paths = line == "paths:";
    if (in_paths && line.starts_with("      x-role: "))
      described.insert(method + " " + path + ", " + line.substr(line.rfind(' ') + 1));
    if (!in_paths || !line.ends_with(':')) continue;
    if (line.starts_with("  /")) path = line.substr(2, line.size() - 3);
    const std::string word = line.substr(std::min<size_t>(4, line.size()));
    if (line.starts_with("    ") && methods.contains(word.substr(0, word.size() - 1)))
      method = word.substr(0, word.size() - 1);
  }
  CHECK(described == served);
  CHECK(served.size() >= 13);
}

}  // namespace
}  // namespace sluice::test
