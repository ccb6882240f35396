// The plugin "@NAME@". Its one action adds two numbers:
//
//     call("@NAME@", "add", {x = 1, y = 2})  --> 3
//
// sluice/plugin.hpp makes the C functions of sluice/plugin.h out of the class below, and ends
// exceptions where they would leave it. JSON is read by simdjson, which keeps integers apart from
// other numbers: Lua's 9007199254740993 arrives as it left.
#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/plugin.hpp"

namespace {

namespace dom = simdjson::dom;
namespace api = sluice::plugin;

// Throws a message for the caller: in Lua, an error that pcall catches.
dom::object object_of(dom::parser& parser, std::string_view json, const char* what) {
  dom::element root;
  dom::object object;
  const auto wrong = parser.parse(json.data(), json.size()).get(root);
  if (wrong == simdjson::NUMBER_ERROR)
    throw api::Failure("a number in the payload is beyond 64 bits");
  if (wrong || root.get(object)) throw api::Failure(std::string(what) + " must be an object");
  return object;
}

dom::element number(dom::object payload, std::string_view key) {
  dom::element value;
  if (payload.at_key(key).get(value))
    throw api::Failure("the payload needs '" + std::string(key) + "', a number");
  if (value.type() == dom::element_type::UINT64)  // only those that an int64_t cannot hold
    throw api::Failure("a number in the payload is beyond 64 bits");
  if (value.is_number()) return value;
  throw api::Failure("'" + std::string(key) + "' must be a number");
}

// A double as JSON that reads back as the same, and as no integer.
std::string written(double value) {
  char digits[40];
  std::string text(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

// One object for the whole server. Its methods are called from several threads at once: what it
// holds does not change once it is made, so it needs no lock.
class @CLASS@ {
 public:
  // Throws a Failure: the server does not start, and says why. `host` outlives the plugin.
  @CLASS@(const sluice_host& host, std::string_view config) {
    dom::parser parser;
    for (const auto [key, value] : object_of(parser, config, "the configuration")) {
      // A key that is misspelt would be missed much later.
      if (key != "limit")
        throw api::Failure("there is no key '" + std::string(key) + "'; there is limit");
      if (value.get(limit_) || limit_ < 1 || limit_ > kLargestLimit)
        throw api::Failure("limit must be a whole number from 1 to " +
                           std::to_string(kLargestLimit));
    }
    const std::string calls = std::to_string(host.concurrency) + " calls at a time";
    api::log(host, SLUICE_LOG_INFO, "adds numbers, up to " + calls);
  }

  // The action "add". It may block; what takes long asks call.abandoned() now and then, and gives
  // up when nobody waits any more.
  std::string add(std::string_view json, const api::Pending& /*call*/) {
    dom::parser parser;
    const dom::object payload = object_of(parser, json, "the payload");
    const dom::element x = number(payload, "x"), y = number(payload, "y");
    if (payload.size() > 2) throw api::Failure("the payload has other keys than 'x' and 'y'");
    if (x.is_int64() && y.is_int64()) {
      int64_t sum = 0;
      if (__builtin_add_overflow(int64_t{x}, int64_t{y}, &sum))
        throw api::Failure("x + y is beyond the integers of 64 bits");
      if (limit_ != 0 && (sum > limit_ || sum < -limit_)) refuse();
      return std::to_string(sum);
    }
    const double sum = double{x} + double{y};
    if (!std::isfinite(sum)) throw api::Failure("x + y is beyond what a JSON number can be");
    if (limit_ != 0 && std::abs(sum) > static_cast<double>(limit_)) refuse();
    return written(sum);
  }

  static constexpr api::Action<@CLASS@> kActions[] = {{"add", &@CLASS@::add}};

 private:
  // Up to here every whole number is a double as well.
  static constexpr int64_t kLargestLimit = int64_t{1} << 53;

  [[noreturn]] static void refuse() {
    throw api::Failure("x + y is beyond the limit that the server's configuration sets");
  }

  int64_t limit_ = 0;  // 0: none
};

}  // namespace

SLUICE_PLUGIN(@CLASS@, "@NAME@", "1.0.0", 0)
