// The plugin as the server drives it: JSON in, JSON out.
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdlib>

#include "test/support/plugin/plugin_driver.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

using Catch::Contains;

struct Kv {
  explicit Kv(const std::string& more = "", PluginDriver::Options options = {})
      : driver("kv.so", "{\"path\":\"" + (folder / "kv.db").string() + "\"" + more + "}", options) {
  }

  std::string ok(const std::string& action, const std::string& payload) {
    const auto answer = driver.call(action, payload);
    INFO(action << " " << payload << ": " << answer.text);
    CHECK(answer.ok);
    return answer.text;
  }
  std::string refused(const std::string& action, const std::string& payload) {
    const auto answer = driver.call(action, payload);
    INFO(action << " " << payload << ": " << answer.text);
    CHECK_FALSE(answer.ok);
    return answer.text;
  }

  TempFolder folder;
  PluginDriver driver;
};

std::string opening(const std::string& config) {
  try {
    PluginDriver driver("kv.so", config);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "(opened)";
}

TEST_CASE("The actions answer as the README says") {
  Kv kv;
  CHECK(kv.ok("get", R"({"key":"a"})") == "null");
  CHECK(kv.ok("set", R"({"key":"a","value":{"n":1}})") == R"({"version":1})");
  CHECK(kv.ok("get", R"({"key":"a"})") == R"({"value":{"n":1},"version":1})");
  CHECK(kv.ok("set", R"({"key":"a","value":2,"if_version":1})") == R"({"version":2})");
  CHECK(kv.ok("set", R"({"key":"a","value":3,"if_version":1})") ==
        R"({"conflict":true,"value":2,"version":2})");
  CHECK(kv.ok("set", R"({"key":"a","value":3,"if_absent":true})") ==
        R"({"conflict":true,"value":2,"version":2})");
  CHECK(kv.ok("set", R"({"key":"none","value":3,"if_version":1})") == R"({"conflict":true})");
  CHECK(kv.ok("set", R"({"key":"b","value":3,"if_absent":true})") == R"({"version":3})");
  CHECK(kv.ok("set", R"({"key":"c","value":3,"if_version":0})") == R"({"version":4})");
  CHECK(kv.ok("incr", R"({"key":"b"})") == R"({"value":4,"version":5})");
  CHECK(kv.ok("incr", R"({"key":"b","by":-2.0})") == R"({"value":2,"version":6})");
  CHECK(kv.ok("get_many", R"({"keys":["b","none","a"]})") ==
        R"({"entries":{"a":{"value":2,"version":2},"b":{"value":2,"version":6}}})");
  CHECK(kv.ok("list", "{}") == R"({"keys":["a","b","c"]})");
  CHECK(kv.ok("list", "[]") == R"({"keys":["a","b","c"]})");
  CHECK(kv.ok("list", R"({"limit":2})") == R"({"keys":["a","b"],"next":"b"})");
  CHECK(kv.ok("list", R"({"after":"b"})") == R"({"keys":["c"]})");
  CHECK(kv.ok("list", R"({"prefix":"x"})") == R"({"keys":[]})");
  CHECK(kv.ok("delete", R"({"key":"a","if_version":1})") ==
        R"({"deleted":false,"conflict":true,"value":2,"version":2})");
  CHECK(kv.ok("delete", R"({"key":"a","if_version":2})") == R"({"deleted":true})");
  CHECK(kv.ok("delete", R"({"key":"a","if_version":2})") == R"({"deleted":false,"conflict":true})");
  CHECK(kv.ok("delete", R"({"key":"a"})") == R"({"deleted":false})");
  CHECK(kv.ok("touch", R"({"key":"a","ttl_ms":5})") == R"({"touched":false})");
  CHECK(kv.ok("touch", R"({"key":"b","ttl_ms":100000})") == R"({"touched":true})");
  CHECK_THAT(kv.ok("get", R"({"key":"b"})"), Contains(R"("version":6,"ttl_ms":)"));
}

TEST_CASE("A time to live ends by the real clock") {
  Kv kv;
  kv.ok("set", R"({"key":"a","value":1,"ttl_ms":1})");
  CHECK(eventually([&] { return kv.ok("get", R"({"key":"a"})") == "null"; }));
}

TEST_CASE("Values come back exactly as they went in") {
  Kv kv;
  const char* const values[] = {
      "9223372036854775807",
      "-9223372036854775808",
      "1.0",
      "-0.0",
      "0.1",
      "5e-324",
      "1.7976931348623157e+308",
      "[]",
      "{}",
      "[null,[],{\"a\":{}}]",
      "false",
      R"("")",
      R"("\u0000\u001f\"\\")",
      "\"\xc3\xa4\xf0\x9f\x98\x80\"",
      R"({"b":1,"a":[1,2,{"c":"d"}]})",
  };
  for (const std::string value : values) {
    kv.ok("set", R"({"key":"k","value":)" + value + "}");
    const std::string answer = kv.ok("get", R"({"key":"k"})");
    const std::string kept = answer.substr(9, answer.rfind(",\"version\"") - 9);
    if (value.find_first_of("eE.") != std::string::npos && value[0] != '"' && value != "false" &&
        value[0] != '{') {
      const double before = std::strtod(value.c_str(), nullptr);
      const double after = std::strtod(kept.c_str(), nullptr);
      CHECK(after == before);
      CHECK(std::signbit(after) == std::signbit(before));
      CHECK(kept.find_first_of("eE.") != std::string::npos);  // still no integer
    } else {
      CHECK(kept == value);
    }
  }
  std::string deep = "1";
  for (int i = 0; i < 60; ++i) deep = "[" + deep + "]";
  kv.ok("set", R"({"key":"k","value":)" + deep + "}");
  CHECK_THAT(kv.ok("get", R"({"key":"k"})"), Contains(deep));
}

TEST_CASE("Keys may hold whatever text can") {
  Kv kv;
  const std::string key = R"("a\u0000\n\"\\/)"
                          "\xc3\xa4\"";
  kv.ok("set", R"({"value":1,"key":)" + key + "}");
  CHECK_THAT(kv.ok("get", R"({"key":)" + key + "}"), Contains("\"value\":1"));
  CHECK(kv.ok("get", R"({"key":"a"})") == "null");
  CHECK(kv.ok("list", R"({"prefix":"a\u0000"})") == R"({"keys":["a\u0000\u000a\"\\/)"
                                                    "\xc3\xa4\"]}");
  CHECK_THAT(kv.ok("get_many", R"({"keys":[)" + key + "]}"), Contains("\"value\":1"));
}

TEST_CASE("Bad payloads are told what is wrong with them") {
  Kv kv;
  const struct {
    const char* action;
    const char* payload;
    const char* said;
  } cases[] = {
      {"get", "{}", "needs 'key'"},
      {"get", R"({"key":5})", "'key' must be a text"},
      {"get", R"({"key":""})", "1 to 512 bytes"},
      {"get", R"({"key":"a","keys":1})", "unknown key 'keys'"},
      {"get", R"([1])", "must be an object"},
      {"set", R"({"key":"a"})", "needs 'value'"},
      {"set", R"({"key":"a","value":null})", "needs 'value'"},
      {"set", R"({"key":"a","value":1,"ttl":5})", "unknown key 'ttl'"},
      {"set", R"({"key":"a","value":1,"ttl_ms":0})", "'ttl_ms' must be"},
      {"set", R"({"key":"a","value":1,"ttl_ms":3155760000001})", "'ttl_ms' must be"},
      {"set", R"({"key":"a","value":1,"ttl_ms":1.5})", "'ttl_ms' must be"},
      {"set", R"({"key":"a","value":1,"if_version":-1})", "'if_version' must be"},
      {"set", R"({"key":"a","value":1,"if_version":"1"})", "'if_version' must be"},
      {"set", R"({"key":"a","value":1,"if_version":1,"if_absent":true})", "cannot go together"},
      {"set", R"({"key":"a","value":1,"if_absent":1})", "'if_absent' must be true or false"},
      {"delete", R"({"key":"a","if_version":0})", "'if_version' must be"},
      {"incr", R"({"key":"a","by":1.5})", "'by' must be"},
      {"incr", R"({"key":"a","by":1e30})", "'by' must be"},
      {"incr", R"({"key":"a","by":"1"})", "'by' must be"},
      {"list", R"({"limit":0})", "'limit' must be"},
      {"list", R"({"limit":1001})", "'limit' must be"},
      {"list", R"({"prefix":1})", "'prefix' must be a text"},
      {"get_many", "{}", "1 to 1000"},
      {"get_many", R"({"keys":[]})", "1 to 1000"},
      {"get_many", R"({"keys":[1]})", "'keys' must be a text"},
      {"get_many", R"({"keys":"a"})", "'keys' must be an array of texts"},
      {"touch", R"({"key":"a"})", "needs 'ttl_ms'"},
  };
  for (const auto& one : cases) CHECK_THAT(kv.refused(one.action, one.payload), Contains(one.said));
  CHECK(kv.ok("list", "{}") == R"({"keys":[]})");
  CHECK(kv.driver.logged().empty());
}

TEST_CASE("An abandoned call changes nothing") {
  Kv kv;
  CHECK_FALSE(kv.driver.call_abandoned("set", R"({"key":"a","value":1})").ok);
  CHECK(kv.ok("get", R"({"key":"a"})") == "null");
}

TEST_CASE("Answers stay within what the server takes") {
  PluginDriver::Options options;
  options.max_answer_bytes = 20'000;
  Kv kv("", options);
  const std::string large(17'000, 'x');
  kv.ok("set", R"({"key":"a","value":")" + large + "\"}");
  kv.ok("set", R"({"key":"b","value":")" + large + "\"}");
  CHECK(kv.ok("get", R"({"key":"a"})").size() <= options.max_answer_bytes);
  CHECK_THAT(kv.refused("get_many", R"({"keys":["a","b"]})"), Contains("fewer keys"));
  CHECK_THAT(kv.refused("set", R"({"key":"c","value":")" + std::string(19'500, 'x') + "\"}"),
             Contains("at most 18976"));
  std::string control;
  for (int i = 0; i < 500; ++i) control += "\\u0001";
  for (int i = 0; i < 30; ++i)
    kv.ok("set", R"({"value":1,"key":"k)" + std::to_string(i) + control + "\"}");
  const std::string page = kv.ok("list", R"({"prefix":"k"})");
  CHECK(page.size() <= options.max_answer_bytes);
  CHECK_THAT(page, Contains("\"next\":"));
}

TEST_CASE("Wrong configurations stop the start with the reason") {
  TempFolder folder;
  const std::string path = "\"path\":\"" + (folder / "kv.db").string() + "\"";
  CHECK_THAT(opening("{}"), Contains("needs 'path'") && Contains("working directory"));
  CHECK_THAT(opening(R"({"path":":memory:"})"), Contains("'path' must be a file"));
  CHECK_THAT(opening(R"({"path":5})"), Contains("'path' must be a text"));
  CHECK_THAT(opening("{" + path + R"(,"durability":"none"})"), Contains("\"full\" or \"normal\""));
  CHECK_THAT(opening("{" + path + R"(,"max_keys":0})"), Contains("'max_keys' must be"));
  CHECK_THAT(opening("{" + path + R"(,"max_bytes":1000})"), Contains("'max_bytes' must be"));
  CHECK_THAT(opening("{" + path + R"(,"max_value_bytes":1048576})"), Contains("1047552"));
  CHECK_THAT(opening("{" + path + R"(,"size":1})"), Contains("unknown key 'size'"));
  CHECK_FALSE(std::filesystem::exists(folder / "kv.db"));
  folder.write("kv.db",
               "something else that is longer than a header of SQLite would have to be, "
               "and which is no database at all, whatever its name says it should be.");
  CHECK_THAT(opening("{" + path + "}"), Contains("kv.db") && Contains("no SQLite database"));
}

TEST_CASE("A value that was kept is there when the plugin is loaded again") {
  TempFolder folder;
  const std::string config =
      "{\"path\":\"" + (folder / "kv.db").string() + "\",\"durability\":\"normal\"}";
  PluginDriver("kv.so", config).call("set", R"({"key":"a","value":"kept"})");
  CHECK_THAT(PluginDriver("kv.so", config).call("get", R"({"key":"a"})").text, Contains("kept"));
}

}  // namespace
}  // namespace sluice::test
