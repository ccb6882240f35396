// The walk-through with a database, as the original server's users know it: actions keep people in
// MongoDB and find them again.
#include <catch2/catch.hpp>

#include "test/support/http.h"
#include "test/support/process.h"
#include "test/support/services.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;

const std::string kExamples = std::string(SLUICE_SOURCE_DIR) + "/examples/plugins/mongo/";

// `sluice serve` with the plugin, on a database of the test's own.
struct WithMongo {
  explicit WithMongo(const std::string& more = "")
      : config(data.write("config.lua", "Plugin \"mongo\" { file = \"mongo.so\", url = \"" +
                                            shared_mongo_url() + "\", database = \"" +
                                            unique_name("e2e") + "\"" + more + " }\n")),
        server(data.path(), {"--config", config}),
        http(server.url()) {}

  TempFolder data;
  const std::string config;
  Server server;
  Http http;
};

TEST_CASE("people are inserted by one action and found by another") {
  WithMongo with;
  TempFolder home;
  const auto slcli = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program("slcli"));
    return run_program(arguments, "",
                       {"HOME=" + home.path().string(), "SLCLI_URL=" + with.server.url()});
  };
  for (const char* action : {"insert_person", "query_people"}) {
    const Exit created = slcli({"create", action, "-f", kExamples + action + ".lua"});
    INFO(created.err);
    REQUIRE(created.code == 0);
  }

  std::vector<std::string> ids;
  for (const char* person :
       {R"({"name":"Ann","age":42})", R"({"name":"Bob","age":51})", R"({"name":"Eve","age":60})"}) {
    const Exit inserted = slcli({"run", "insert_person", "-b", "-o", "json", "-p", person});
    INFO(inserted.err);
    REQUIRE(inserted.code == 0);
    CHECK(inserted.out.size() == 27);  // 24 digits, two quotes, the end of the line
    ids.push_back(inserted.out.substr(0, 26));
  }

  const auto person = [&](size_t at, const std::string& age, const std::string& name) {
    return R"({"_id":{"$oid":)" + ids[at] + R"(},"age":)" + age + R"(,"name":")" + name + "\"}";
  };
  const Reply older = with.http.block("query_people", "{}");
  CHECK(older.status == 200);
  CHECK(older.body == "[" + person(1, "51", "Bob") + "," + person(2, "60", "Eve") + "]");
  CHECK(with.http.block("query_people", R"({"age":55})").body ==
        "[" + person(2, "60", "Eve") + "]");
  CHECK(with.http.block("query_people", R"({"age":60})").body == "[]");
  CHECK(with.server.stop() == 0);
}

TEST_CASE("what MongoDB refuses is an error that an action can catch") {
  WithMongo with(", collections = {\"people\"}");
  REQUIRE(with.http
              .create("twice", R"(
function main(args)
  call('mongo', 'insert', {collection = 'people', data = {_id = 'ann', seen = 9007199254740993}})
  local ok, why = pcall(call, 'mongo', 'insert', {collection = 'people', data = {_id = 'ann'}})
  local _, not_allowed = pcall(call, 'mongo', 'count', {collection = 'secrets'})
  return {ok = ok, why = tostring(why), not_allowed = tostring(not_allowed),
          seen = call('mongo', 'find', {collection = 'people', filter = {}})[1].seen}
end)")
              .status == 200);
  const Reply twice = with.http.block("twice");
  INFO(twice.body);
  CHECK(twice.status == 200);
  CHECK(json_member(twice.body, "ok") == "false");
  CHECK_THAT(json_member(twice.body, "why"), Contains("duplicate key") && Contains("(code 11000)"));
  CHECK_THAT(json_member(twice.body, "not_allowed"),
             Contains("does not allow the collection 'secrets'"));
  CHECK_THAT(twice.body, Contains("\"seen\":9007199254740993"));
  CHECK(with.server.stop() == 0);
}

}  // namespace
}  // namespace sluice::test
