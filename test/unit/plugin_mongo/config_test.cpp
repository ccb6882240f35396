// The plugin's block in config.lua; no server is needed.
#include <catch2/catch.hpp>

#include "test/support/plugin/plugin_driver.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;

std::string said(const std::string& config) {
  try {
    PluginDriver plugin("mongo.so", config);
  } catch (const std::runtime_error& failure) {
    return failure.what();
  }
  return "nothing";
}

TEST_CASE("mongo: a URL that is none stops the start, and is not repeated") {
  for (const char* url :
       {"", "localhost", "http://localhost", "mongodb://", "mongodb://u:hunter2@",
        "mongodb://h:hunter2@h:99999999/", "mongodb://a:hunter2@[::1", "mongodb://a:hun:hunter2@h",
        "mongodb://hunter2:hunter2:hunter2@h", "mongodb://a:hunter2%zz@h"}) {
    const std::string text = said(R"({"url":")" + std::string(url) + "\"}");
    INFO(url << ": " << text);
    CHECK_THAT(text, Contains("'url' is none of MongoDB"));
    CHECK_THAT(text, !Contains("hunter2"));
  }
  CHECK_THAT(said(R"({"url":5})"), Contains("'url' must be a text"));
  CHECK_THAT(said(R"({"url":"mongodb://localhost/?w=0"})"), Contains("unacknowledged"));
}

TEST_CASE("mongo: the configuration is checked, key by key") {
  CHECK(said("{}") == "nothing");
  CHECK(
      said(
          R"({"url":"mongodb://localhost/people","collections":["a","b.c"],"max_documents":5,"max_bytes":"64K",
                "server_selection_timeout":"500ms","allow_javascript":true,"allow_out":false})") ==
      "nothing");
  CHECK_THAT(said(R"({"colections":["a"]})"),
             Contains("unknown key 'colections'") && Contains("collections"));
  CHECK_THAT(said(R"({"collections":[]})"), Contains("'collections' names none"));
  CHECK_THAT(said(R"({"collections":["system.users"]})"),
             Contains("'collections' must name a collection"));
  CHECK_THAT(said(R"({"collections":"a"})"), Contains("'collections' must be an array"));
  CHECK_THAT(said(R"({"max_documents":0})"),
             Contains("'max_documents' must be a whole number from 1"));
  CHECK_THAT(said(R"({"max_bytes":"2M"})"),
             Contains("'max_bytes' must be a whole number from 64 to 1048576"));
  CHECK_THAT(said(R"({"max_bytes":"1X"})"), Contains("'max_bytes'") && Contains("64K"));
  CHECK_THAT(said(R"({"server_selection_timeout":"2h"})"),
             Contains("'server_selection_timeout'") && Contains("2s"));
  CHECK_THAT(said(R"({"server_selection_timeout":-1})"), Contains("'server_selection_timeout'"));
  CHECK_THAT(said(R"({"allow_out":"yes"})"), Contains("'allow_out' must be true or false"));
}

TEST_CASE("mongo: times and sizes are numbers, or texts with a unit") {
  const auto timeout = [](const std::string& value) {
    return said(R"({"server_selection_timeout":)" + value + "}");
  };
  for (const char* good : {"1", "60000", "2.0", R"("1ms")", R"("60s")", R"("1m")"})
    CHECK(timeout(good) == "nothing");
  for (const char* bad : {"0", "60001", "1.5", "true", R"("")", R"("s")", R"("2")", R"("2 s")",
                          R"(" 2s")", R"("0.5s")", R"("61s")", R"("-1s")", R"("1h")",
                          R"("99999999999999999999ms")", R"("9223372036854775807h")"}) {
    INFO(bad);
    CHECK_THAT(timeout(bad),
               Contains("'server_selection_timeout' must be a whole number from 1 to 60000"));
  }
  for (const char* good : {"64", R"("64")", R"("1K")", R"("1M")", R"("1048576")"})
    CHECK(said(R"({"max_bytes":)" + std::string(good) + "}") == "nothing");
  for (const char* bad : {"63", R"("63")", R"("1G")", R"("1k")", R"("1025K")", R"("1KB")"})
    CHECK_THAT(said(R"({"max_bytes":)" + std::string(bad) + "}"), Contains("'max_bytes' must be"));
}

TEST_CASE("mongo: databases that are not for actions are refused") {
  for (const char* name : {"admin", "local", "config"})
    CHECK_THAT(said(R"({"database":")" + std::string(name) + "\"}"), Contains("MongoDB's own"));
  CHECK_THAT(said(R"({"url":"mongodb://localhost/admin"})"), Contains("MongoDB's own"));
  for (const char* name : {"", "a b", "a.b", "a$b", "a/b", "a\\\\b", "a\\u0000b"})
    CHECK_THAT(said(R"({"database":")" + std::string(name) + "\"}"),
               Contains("'database' must be a name"));
  CHECK_THAT(said(R"({"database":"sluice"})"), Contains("keeps its invocations"));
  CHECK_THAT(said(R"({"url":"mongodb://localhost/sluice"})"), Contains("keeps its invocations"));
  CHECK(said(R"({"database":"sluice","collections":["people"]})") == "nothing");
  CHECK(said(R"({"url":"mongodb://localhost/admin","database":"people"})") == "nothing");
}

TEST_CASE("mongo: says what it is") {
  const PluginDriver plugin("mongo.so", "{}");
  CHECK(std::string(plugin.description().name) == "mongo");
  CHECK(plugin.description().flags == 0);
  std::string actions;
  for (const char* const* name = plugin.description().actions; *name != nullptr; ++name)
    actions += std::string(*name) + ' ';
  CHECK(actions == "insert insert_many query find update delete count aggregate ");
}

}  // namespace
}  // namespace sluice::test
