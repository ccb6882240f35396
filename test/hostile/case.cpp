#include "case.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <lua.hpp>
#include <memory>
#include <regex>
#include <sstream>
#include <string_view>

namespace sluice::hostile {
namespace {

// A case that should reach its limit need not wait long for it, any other must not reach it.
constexpr std::chrono::milliseconds kShortTimeout{400};
constexpr std::chrono::milliseconds kLongTimeout{30'000};

std::optional<Outcome> outcome_named(std::string_view name) {
  for (int code = 0; code <= 11; ++code)
    if (const auto outcome = outcome_from_code(code); outcome && to_string(*outcome) == name)
      return outcome;
  return std::nullopt;
}

bool read_outcomes(Case& into, const std::string& value) {
  std::istringstream words(value);
  for (std::string word; words >> word;) {
    if (word == "or" || word == "any") continue;
    if (word == "refused") {
      into.refused = true;
    } else if (const auto outcome = outcome_named(word)) {
      into.outcomes.push_back(*outcome);
    } else {
      return false;
    }
  }
  return true;
}

bool read_limits(Case& into, const std::string& value) {
  std::istringstream words(value);
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) return false;
    const std::string key = word.substr(0, equals);
    const long number = std::atol(word.c_str() + equals + 1);
    if (key == "timeout_ms") {
      into.timeout = std::chrono::milliseconds(number);
    } else if (key == "memory_kb") {
      into.memory_bytes = static_cast<uint64_t>(number) * 1024;
    } else if (key == "compile_ms") {
      into.compile_timeout = std::chrono::milliseconds(number);
    } else {
      return false;
    }
  }
  return true;
}

void read_expected(Case& into, Expected::Of of, std::string value) {
  constexpr std::string_view kContains = "contains ";
  const bool contains = value.rfind(kContains, 0) == 0;
  if (contains) value.erase(0, kContains.size());
  into.expected.push_back({of, !contains, std::move(value)});
}

// One line of the header. False: it is none of those above.
bool read_line(Case& into, const std::string& key, const std::string& value, bool* generate) {
  if (key == "expect") return read_outcomes(into, value);
  if (key == "limits") return read_limits(into, value);
  if (key == "how") return into.killed = value == "killed";
  if (key == "payload") return into.payload = value, true;
  if (key == "runs") return (into.runs = std::atoi(value.c_str())) > 0;
  if (key == "at_once") return (into.at_once = std::atoi(value.c_str())) > 0;
  if (key == "result") return read_expected(into, Expected::Of::kResult, value), true;
  if (key == "message") return read_expected(into, Expected::Of::kMessage, value), true;
  if (key == "logs") return read_expected(into, Expected::Of::kLogs, value), true;
  if (key == "traceback") return read_expected(into, Expected::Of::kTraceback, value), true;
  if (key == "never") return into.never.push_back(value), true;
  if (key == "unsanitized") return into.unsanitized = value, true;
  if (key == "generate") return *generate = value == "yes";
  if (key == "bytecode") {
    if (value.rfind("flip ", 0) != 0) return false;
    into.flips = std::atoi(value.c_str() + 5);
    return into.flips > 0;
  }
  return false;
}

Error bad_case(const std::string& path, int line, const std::string& why) {
  return {Code::kInvalid, "case", path + ":" + std::to_string(line) + ": " + why};
}

struct CloseState {
  void operator()(lua_State* L) const { lua_close(L); }
};

Result<std::string> generate_source(const std::string& path, const std::string& generator) {
  const std::unique_ptr<lua_State, CloseState> state(luaL_newstate());
  lua_State* L = state.get();
  luaL_openlibs(L);
  const std::string name = "@" + path;
  if (luaL_loadbuffer(L, generator.data(), generator.size(), name.c_str()) != LUA_OK ||
      lua_pcall(L, 0, 1, 0) != LUA_OK || lua_type(L, -1) != LUA_TSTRING)
    return bad_case(path, 1, std::string("generates nothing: ") + luaL_tolstring(L, -1, nullptr));
  size_t length = 0;
  const char* bytes = lua_tolstring(L, -1, &length);
  return std::string(bytes, length);
}

std::string shown(std::string_view text) {
  constexpr size_t kMost = 300;
  return "\"" + std::string(text.substr(0, kMost)) + (text.size() > kMost ? "…" : "") + "\"";
}

const std::string& part(const Report& report, Expected::Of of) {
  switch (of) {
    case Expected::Of::kResult:
      return report.result;
    case Expected::Of::kMessage:
      return report.message;
    case Expected::Of::kLogs:
      return report.logs;
    case Expected::Of::kTraceback:
      return report.traceback;
  }
  return report.message;
}

const char* name_of(Expected::Of of) {
  switch (of) {
    case Expected::Of::kResult:
      return "result";
    case Expected::Of::kMessage:
      return "message";
    case Expected::Of::kLogs:
      return "logs";
    case Expected::Of::kTraceback:
      return "traceback";
  }
  return "";
}

}  // namespace

bool Case::allows(Outcome outcome) const {
  if (outcomes.empty()) return !refused;
  return std::find(outcomes.begin(), outcomes.end(), outcome) != outcomes.end();
}

bool Case::may_time_out() const {
  return std::find(outcomes.begin(), outcomes.end(), Outcome::kTimedOut) != outcomes.end();
}

bool Case::must_time_out() const {
  return outcomes.size() == 1 && outcomes[0] == Outcome::kTimedOut && !refused;
}

Result<Case> read_case(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Error{Code::kNotFound, "case", path + " cannot be read"};
  const std::string text{std::istreambuf_iterator<char>(file), {}};

  Case read;
  read.name = path.substr(path.rfind('/') + 1);
  read.source = text;
  bool expects = false;
  bool generate = false;
  static const std::regex key_and_value("-- ([a-z_]+): (.*)");
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line) && line.rfind("--", 0) == 0; ++number) {
    std::smatch match;
    if (!std::regex_match(line, match, key_and_value)) continue;
    if (!read_line(read, match[1], match[2], &generate))
      return bad_case(path, number, "not a line that a case may have: " + line);
    expects = expects || match[1] == "expect";
  }
  if (!expects) return bad_case(path, 1, "the header has no `-- expect:`");
  if (generate) {
    Result<std::string> source = generate_source(path, text);
    if (!source.ok()) return source.error();
    read.source = std::move(*source);
  }
  if (read.timeout == std::chrono::milliseconds(0))
    read.timeout = read.may_time_out() ? kShortTimeout : kLongTimeout;
  return read;
}

std::string judge(const Case& hostile, const Report& report) {
  std::string wrong;
  if (!hostile.allows(report.outcome))
    wrong += "outcome " + std::string(to_string(report.outcome)) + ", message " +
             shown(report.message) + "\n";
  for (const Expected& expected : hostile.expected) {
    const std::string& text = part(report, expected.of);
    const bool right =
        expected.whole ? text == expected.text : text.find(expected.text) != std::string::npos;
    if (right) continue;
    wrong += std::string(name_of(expected.of)) + (expected.whole ? " is not " : " lacks ") +
             shown(expected.text) + ": " + shown(text) + "\n";
  }
  for (const std::string& never : hostile.never) {
    const std::regex pattern(never);
    for (const std::string* text :
         {&report.result, &report.message, &report.traceback, &report.logs})
      if (std::regex_search(text->substr(0, 64 << 10), pattern))
        wrong += "something matches " + never + ": " + shown(*text) + "\n";
  }
  return wrong;
}

}  // namespace sluice::hostile
