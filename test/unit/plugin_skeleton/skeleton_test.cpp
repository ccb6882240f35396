// The plugin that others are copied from: what it answers, and that its errors say what would be
// right.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "test/support/plugin/plugin_driver.h"

using sluice::test::PluginAnswer;
using sluice::test::PluginDriver;

namespace {

PluginDriver plugin(const std::string& config = "{}") {
  return PluginDriver("skeleton.so", config);
}

// What the plugin says of a configuration that it refuses.
std::string refusal(const std::string& config) {
  try {
    plugin(config);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("the skeleton adds as Lua does, exactly") {
  PluginDriver skeleton = plugin();
  const std::vector<std::pair<std::string, std::string>> sums = {
      {R"({"x": 1, "y": 2})", "3"},
      {R"({"y": -7, "x": 3})", "-4"},
      {R"({"x": 1, "y": 2.0})", "3.0"},
      {R"({"x": 1.0, "y": 2.0})", "3.0"},
      // Beyond 2^53, where doubles have gaps.
      {R"({"x": 9007199254740992, "y": 1})", "9007199254740993"},
      {R"({"x": 9223372036854775806, "y": 1})", "9223372036854775807"},
      {R"({"x": -9223372036854775807, "y": -1})", "-9223372036854775808"},
      {R"({"x": 9223372036854775807, "y": -9223372036854775808})", "-1"},
      {R"({"x": 9223372036854775807, "y": 0.0})", "9.2233720368547758e18"},
  };
  for (const auto& [payload, sum] : sums) {
    const PluginAnswer answer = skeleton.call("add", payload);
    CHECK(answer.ok);
    CHECK(answer.text == sum);
  }
}

TEST_CASE("a float of the skeleton reads back as the same") {
  PluginDriver skeleton = plugin();
  const std::vector<std::pair<std::string, double>> sums = {
      {R"({"x": 0.1, "y": 0.2})", 0.1 + 0.2},   {R"({"x": 1e308, "y": 7e307})", 1e308 + 7e307},
      {R"({"x": 5e-324, "y": 0})", 5e-324},     {R"({"x": 1e-7, "y": 3})", 1e-7 + 3},
      {R"({"x": 1e15, "y": 0.3})", 1e15 + 0.3},
  };
  for (const auto& [payload, sum] : sums) {
    const PluginAnswer answer = skeleton.call("add", payload);
    CHECK(answer.ok);
    CHECK(std::strtod(answer.text.c_str(), nullptr) == sum);
    // Something that tells JSON's readers from an integer.
    CHECK(answer.text.find_first_of(".e") != std::string::npos);
  }
}

TEST_CASE("a bad payload of the skeleton is told what would be right") {
  PluginDriver skeleton = plugin();
  const std::vector<std::pair<std::string, std::string>> refused = {
      {R"({"x": 9223372036854775807, "y": 1})", "beyond the integers of 64 bits"},
      {R"({"x": -9223372036854775808, "y": -1})", "beyond the integers of 64 bits"},
      {R"({"x": 1.7e308, "y": 1.7e308})", "beyond what a JSON number can be"},
      {R"({"x": 9223372036854775808, "y": 1})", "a number in the payload is beyond 64 bits"},
      {"{}", "needs 'x', a number"},
      {R"({"x": 1})", "needs 'y', a number"},
      {R"({"x": "1", "y": 2})", "'x' must be a number"},
      {R"({"x": 1, "y": null})", "'y' must be a number"},
      {R"({"x": 1, "y": {"x": 1}})", "'y' must be a number"},
      {R"({"x": 1, "y": 2, "z": 3})", "other keys"},
      {"[]", "must be an object"},
      {"[1, 2]", "must be an object"},
      {"7", "must be an object"},
      {"null", "must be an object"},
      {R"({"x": 1, "y": )", "no JSON"},
      {"", "no JSON"},
      {std::string(100'000, '['), "no JSON"},
  };
  for (const auto& [payload, why] : refused) {
    const PluginAnswer answer = skeleton.call("add", payload);
    INFO(payload.substr(0, 60));
    CHECK_FALSE(answer.ok);
    CHECK_THAT(answer.text, Catch::Contains(why));
    CHECK(answer.text.find('\n') == std::string::npos);
  }
}

TEST_CASE("the limit of the skeleton holds for integers and floats, on both sides") {
  PluginDriver skeleton = plugin(R"({"limit": 10})");
  for (const char* payload : {R"({"x": 5, "y": 5})", R"({"x": -5, "y": -5})",
                              R"({"x": 9.5, "y": 0.5})", R"({"x": 11, "y": -1})"})
    CHECK(skeleton.call("add", payload).ok);
  for (const char* payload : {R"({"x": 5, "y": 6})", R"({"x": -5, "y": -6})",
                              R"({"x": 9.5, "y": 0.6})", R"({"x": -1e300, "y": 0})"}) {
    const PluginAnswer answer = skeleton.call("add", payload);
    CHECK_FALSE(answer.ok);
    CHECK_THAT(answer.text, Catch::Contains("limit"));
  }
}

TEST_CASE("a configuration that the skeleton does not know is refused with the reason") {
  CHECK(refusal("{}") == "none");
  CHECK(refusal(R"({"limit": 9007199254740992})") == "none");
  CHECK_THAT(refusal(R"({"limt": 1})"), Catch::Contains("there is no key 'limt'; there is limit"));
  for (const char* config : {R"({"limit": 0})", R"({"limit": -1})", R"({"limit": 1.5})",
                             R"({"limit": "10"})", R"({"limit": 9007199254740993})"})
    CHECK_THAT(refusal(config), Catch::Contains("limit must be a whole number from 1 to"));
  CHECK_THAT(refusal("[]"), Catch::Contains("no JSON object"));
  CHECK_THAT(refusal("{"), Catch::Contains("no JSON object"));
  CHECK_THAT(refusal("{\"" + std::string(5'000, 'k') + "\": 1}"), Catch::StartsWith("there is no"));
}

TEST_CASE("the skeleton says what it is, and logs one line when it is opened") {
  PluginDriver skeleton = plugin();
  const sluice_plugin& description = skeleton.description();
  CHECK(description.abi == SLUICE_PLUGIN_ABI);
  CHECK(description.struct_size == sizeof(sluice_plugin));
  CHECK(std::string(description.name) == "skeleton");
  CHECK(std::string(description.actions[0]) == "add");
  CHECK(description.actions[1] == nullptr);
  CHECK(description.flags == 0);
  skeleton.call("add", R"({"x": 1, "y": 2})");
  CHECK(skeleton.logged() == "adds numbers, up to 4 calls at a time\n");
}

TEST_CASE("several threads call the skeleton at once") {
  PluginDriver skeleton = plugin();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 500; ++i) {
        const auto answer = skeleton.call(
            "add", R"({"x": )" + std::to_string(thread) + R"(, "y": )" + std::to_string(i) + "}");
        if (!answer.ok || answer.text != std::to_string(thread + i)) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}
