// What hostile code tries.
#include "test/unit/plugin_mongo/people.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("mongo: names that are none of a collection are refused") {
  People people;
  const auto said = [&](const std::string& name) {
    const PluginAnswer answer = people.plugin().call("count", R"({"collection":")" + name + "\"}");
    REQUIRE_FALSE(answer.ok);
    return answer.text;
  };
  for (const char* name :
       {"", "a$b", "$cmd", "system.users", "system.js", "a\\u0000b", ".a", "a.", "a..b"}) {
    INFO(name);
    CHECK_THAT(said(name), Contains("'collection' must name a collection"));
  }
  CHECK_THAT(said(std::string(121, 'x')), Contains("at most 120 bytes"));
  CHECK_THAT(people.plugin().call("count", "{}").text, Contains("needs 'collection'"));
  CHECK_THAT(people.plugin().call("count", R"({"collection":5})").text,
             Contains("'collection' must be a text"));
}

TEST_CASE("mongo: unknown keys are refused, and the known ones named") {
  People people;
  CHECK_THAT(people.refused("find", R"("sortt":{"a":1})"),
             Contains("unknown key 'sortt'") && Contains("projection"));
  for (const char* action : {"insert", "insert_many", "update", "delete", "count", "aggregate"}) {
    const std::string all = R"("data":[],"update":{"a":1},"filter":{"_id":1},"pipeline":[],"x":1)";
    CHECK_THAT(people.refused(action, all), Contains("unknown key"));
  }
  CHECK_THAT(people.refused("find", R"("filter":[1])"), Contains("'filter' must be an object"));
  CHECK_THAT(people.refused("find", R"("filter":"x")"), Contains("'filter' must be an object"));
  CHECK_THAT(people.refused("insert", R"("data":[{"a":1}])"), Contains("insert_many"));
  CHECK_THAT(people.refused("insert"), Contains("needs 'data'"));
  CHECK_THAT(people.refused("insert_many", R"("data":[{"a":1},5])"),
             Contains("'data'.1 must be an object"));
  CHECK_THAT(people.refused("insert_many", R"("data":{"a":1})"),
             Contains("'data' must be an array"));
  CHECK_THAT(people.refused("aggregate", R"("pipeline":{"$match":{}})"),
             Contains("'pipeline' must be an array"));
}

TEST_CASE("mongo: JavaScript is refused wherever MongoDB would run it") {
  People people;
  const char* const filters[] = {
      R"({"$where":"while (1);"})", R"({"$or":[{"a":1},{"$where":"true"}]})",
      R"({"$expr":{"$function":{"args":[],"body":"x","lang":"js"}}})", R"({"a":{"$code":"x = 1"}})",
      R"({"a":{"$code":"x","$scope":{}}})"};
  for (const char* filter : filters) {
    const std::string rest = R"("filter":)" + std::string(filter);
    INFO(filter);
    CHECK_THAT(people.refused("find", rest), Contains("'filter' holds JavaScript"));
    CHECK_THAT(people.refused("query", R"("query":)" + std::string(filter)),
               Contains("'query' holds JavaScript"));
    CHECK_THAT(people.refused("count", rest), Contains("JavaScript"));
    CHECK_THAT(people.refused("delete", rest), Contains("JavaScript"));
    CHECK_THAT(people.refused("update", rest + R"(,"update":{"a":1})"), Contains("JavaScript"));
    CHECK_THAT(
        people.refused("aggregate", R"("pipeline":[{"$match":)" + std::string(filter) + "}]"),
        Contains("'pipeline' holds JavaScript"));
  }
  CHECK_THAT(
      people.refused("aggregate", R"("pipeline":[{"$group":{"_id":1,"x":{"$accumulator":{}}}}])"),
      Contains("JavaScript"));
  CHECK_THAT(people.refused("find", R"("projection":{"x":{"$function":{}}})"),
             Contains("'projection' holds"));
  CHECK_THAT(
      people.refused("update", R"("filter":{"a":1},"update":{"$pull":{"a":{"$where":"x"}}})"),
      Contains("'update' holds"));
  // As data it is never run.
  people.insert(R"({"code":{"$code":"x = 1"},"q":{"x":"$where"}})");
}

TEST_CASE("mongo: JavaScript passes where the configuration allows it") {
  People people(R"("allow_javascript":true)");
  const PluginAnswer answer =
      people.plugin().call("find", R"({"collection":"people","filter":{"$where":"true"}})");
  INFO(answer.text);  // a server without JavaScript says so itself
  CHECK_THAT(answer.text, !Contains("allow_javascript"));
}

TEST_CASE("mongo: only the collections that are listed") {
  People people(R"("collections":["people","pets"])");
  people.insert(R"({"_id":1})");
  const auto said = [&](const std::string& action, const std::string& payload) {
    const PluginAnswer answer = people.plugin().call(action, payload);
    CHECK_FALSE(answer.ok);
    return answer.text;
  };
  const auto not_allowed = Contains("does not allow the collection 'secrets'");
  for (const char* action :
       {"insert", "insert_many", "find", "query", "update", "delete", "count", "aggregate"})
    CHECK_THAT(said(action, R"({"collection":"secrets"})"), not_allowed);

  for (
      const char* stage :
      {R"({"$lookup":{"as":"x","from":"secrets"}})", R"({"$graphLookup":{"from":"secrets"}})",
       R"({"$unionWith":"secrets"})", R"({"$unionWith":{"coll":"secrets"}})",
       R"({"$facet":{"a":[{"$lookup":{"from":"secrets"}}]}})",
       R"({"$lookup":{"from":"pets","pipeline":[{"$unionWith":"secrets"}]}})",
       R"({"$unionWith":{"coll":"pets","pipeline":[{"$facet":{"b":[{"$unionWith":"secrets"}]}}]}})"}) {
    INFO(stage);
    CHECK_THAT(people.refused("aggregate", R"("pipeline":[)" + std::string(stage) + "]"),
               not_allowed);
  }
  CHECK_THAT(people.refused("aggregate",
                            R"("pipeline":[{"$lookup":{"from":{"coll":"people","db":"other"}}}])"),
             Contains("$lookup must name a collection of this database"));
  CHECK(
      people.ask(
          "aggregate",
          R"("pipeline":[{"$lookup":{"as":"x","foreignField":"_id","from":"pets","localField":"_id"}}])") ==
      R"([{"_id":1,"x":[]}])");
}

TEST_CASE("mongo: stages that are not offered are refused") {
  People people;
  for (const char* stage :
       {"$currentOp", "$collStats", "$changeStream", "$listSessions", "$listLocalSessions",
        "$indexStats", "$planCacheStats", "$nonsense", "match"}) {
    INFO(stage);
    CHECK_THAT(people.refused("aggregate", R"("pipeline":[{")" + std::string(stage) + R"(":{}}])"),
               Contains("unknown or not offered"));
  }
  CHECK_THAT(people.refused("aggregate", R"("pipeline":[{"$limit":1,"$match":{}}])"),
             Contains("a stage has one key"));
  CHECK_THAT(people.refused("aggregate", R"("pipeline":[{}])"),
             Contains("'pipeline' must hold stages"));
  CHECK_THAT(people.refused("aggregate", R"("pipeline":["$match"])"),
             Contains("'pipeline' must hold stages"));
  CHECK_THAT(people.refused("aggregate", R"("pipeline":[{"$facet":{"a":5}}])"),
             Contains("'a' must be an array"));
}

TEST_CASE("mongo: stages that write are refused, unless the configuration allows them") {
  const char* const writing[] = {R"({"$out":"people"})", R"({"$merge":"people"})",
                                 R"({"$merge":{"into":"people"}})"};
  {
    People people(R"("collections":["people"])");
    for (const char* stage : writing)
      CHECK_THAT(people.refused("aggregate", R"("pipeline":[)" + std::string(stage) + "]"),
                 Contains("allow_out"));
  }
  People people(R"("allow_out":true,"collections":["people","copies"])");
  people.insert(R"({"_id":1,"age":9007199254740993})");
  const auto said = [&](const std::string& stages) {
    return people.refused("aggregate", R"("pipeline":[)" + stages + "]");
  };
  CHECK_THAT(said(R"({"$out":"secrets"})"), Contains("does not allow the collection 'secrets'"));
  CHECK_THAT(said(R"({"$merge":{"into":"secrets"}})"),
             Contains("does not allow the collection 'secrets'"));
  CHECK_THAT(said(R"({"$out":{"coll":"people","db":"other"}})"), Contains("of this database"));
  CHECK_THAT(said(R"({"$merge":{"into":{"coll":"people","db":"other"}}})"),
             Contains("of this database"));
  CHECK_THAT(said(R"({"$merge":{"on":"_id"}})"), Contains("needs the name of a collection"));
  CHECK_THAT(said(R"({"$out":"people"},{"$match":{}})"), Contains("nothing can follow"));
  CHECK_THAT(said(R"({"$facet":{"a":[{"$out":"people"}]}})"), Contains("the last stage of all"));
  CHECK_THAT(people.refused("aggregate", R"("limit":1,"pipeline":[{"$out":"copies"}])"),
             Contains("'limit'"));

  CHECK(people.ask("aggregate", R"("pipeline":[{"$match":{"_id":1}},{"$out":"copies"}])") == "[]");
  CHECK(people.plugin().call("find", R"({"collection":"copies"})").text ==
        R"([{"_id":1,"age":9007199254740993}])");
}

}  // namespace
}  // namespace sluice::test
