// Finding, counting, aggregating, and what one answer may hold.
#include "test/unit/plugin_mongo/people.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;

const char* const kPeople =
    R"("data":[{"_id":1,"age":30,"name":"Bob"},{"_id":2,"age":60,"name":"Ann"},{"_id":3,"age":60,"name":"Eve"},{"_id":4,"age":51,"name":"Dan"}])";

TEST_CASE("mongo: a query finds those whom it describes, under either name") {
  People people;
  people.ask("insert_many", kPeople);
  const std::string old = R"({"age":{"$gt":50}})";
  const std::string found =
      R"([{"_id":2,"age":60,"name":"Ann"},{"_id":3,"age":60,"name":"Eve"},{"_id":4,"age":51,"name":"Dan"}])";
  for (const char* action : {"query", "find"})
    for (const char* key : {"query", "filter"})
      CHECK(people.ask(action, '"' + std::string(key) + "\":" + old + R"(,"sort":{"_id":1})") ==
            found);
  CHECK(people.ask("count", R"("filter":)" + old) == "3");
  CHECK(people.ask("query", R"("query":{"age":99})") == "[]");
  CHECK_THAT(people.refused("find", R"("query":{},"filter":{})"), Contains("give one of them"));
}

TEST_CASE("mongo: several fields to sort by keep their order") {
  People people;
  people.ask("insert_many", kPeople);
  const std::string names = R"("projection":{"_id":0,"name":1})";
  CHECK(people.ask("find", names + R"(,"sort":[{"name":-1}])") ==
        R"([{"name":"Eve"},{"name":"Dan"},{"name":"Bob"},{"name":"Ann"}])");
  CHECK(people.ask("find", names + R"(,"sort":[{"age":-1},{"name":-1}],"limit":3)") ==
        R"([{"name":"Eve"},{"name":"Ann"},{"name":"Dan"}])");
  CHECK(people.ask("find", names + R"(,"sort":[{"name":1},{"age":-1}],"limit":2,"skip":1)") ==
        R"([{"name":"Bob"},{"name":"Dan"}])");
  CHECK(people.ask("find", names + R"(,"sort":[],"filter":{"_id":1})") == R"([{"name":"Bob"}])");
  CHECK_THAT(people.refused("find", R"("sort":{"age":-1,"name":1})"),
             Contains("'sort'") && Contains("keeps no order") && Contains("{{age=-1}, {name=1}}"));
  CHECK_THAT(people.refused("find", R"("sort":"age")"), Contains("'sort': must be an object"));
}

TEST_CASE("mongo: an answer is never cut: too many documents are an error") {
  People people(R"("max_documents":3)");
  people.ask("insert_many", R"("data":[{"_id":1},{"_id":2},{"_id":3}])");
  CHECK(people.ask("find") == R"([{"_id":1},{"_id":2},{"_id":3}])");
  people.insert(R"({"_id":4})");
  for (const char* action : {"find", "query"})
    CHECK_THAT(people.refused(action), Contains("more than 3 documents") && Contains("'limit'"));
  CHECK_THAT(people.refused("aggregate", R"("pipeline":[])"),
             Contains("more than 3 documents") && Contains("$limit"));
  CHECK(people.ask("find", R"("limit":3,"sort":{"_id":-1})") ==
        R"([{"_id":4},{"_id":3},{"_id":2}])");
  CHECK(people.ask("aggregate", R"("pipeline":[{"$sort":{"_id":-1}}],"limit":2)") ==
        R"([{"_id":4},{"_id":3}])");
  CHECK_THAT(people.refused("find", R"("limit":4)"),
             Contains("'limit' must be a whole number from 1 to 3"));
  CHECK_THAT(people.refused("find", R"("limit":0)"), Contains("'limit'"));
}

TEST_CASE("mongo: an answer is never cut: too many bytes are an error") {
  People people(R"("max_bytes":"64")");
  const auto document = [](size_t letters) {
    return R"({"_id":1,"t":")" + std::string(letters, 'x') + "\"}";
  };
  const size_t around = document(0).size() + 2;
  people.insert(document(64 - around));
  CHECK(people.ask("find").size() == 64);
  people.ask("update", R"("filter":{"_id":1},"update":)" + document(64 - around + 1));
  CHECK_THAT(people.refused("find"), Contains("more than 64 bytes") && Contains("'projection'"));
  CHECK(people.ask("find", R"("projection":{"t":0})") == R"([{"_id":1}])");
  people.ask("update", R"("filter":{"_id":1},"update":)" + document(100'000));
  CHECK_THAT(people.refused("find"), Contains("more than 64 bytes"));
  CHECK_THAT(people.refused("aggregate", R"("pipeline":[])"), Contains("more than 64 bytes"));
}

TEST_CASE("mongo: more than MongoDB gives at once is fetched piece by piece") {
  People people;
  std::string data;
  for (int i = 0; i < 500; ++i)
    data += (i == 0 ? "[" : ",") + (R"({"_id":)" + std::to_string(i) + "}");
  data += ']';
  people.ask("insert_many", R"("data":)" + data);
  CHECK(people.ask("find", R"("sort":{"_id":1})") == data);
}

TEST_CASE("mongo: stages one behind the other") {
  People people;
  people.ask("insert_many", kPeople);
  CHECK(people.ask(
            "aggregate",
            R"("pipeline":[{"$match":{"age":{"$gt":40}}},{"$group":{"_id":"$age","n":{"$sum":1}}},
                                  {"$sort":[{"n":-1},{"_id":1}]}])") ==
        R"([{"_id":60,"n":2},{"_id":51,"n":1}])");
  CHECK(
      people.ask("aggregate",
                 R"("pipeline":[{"$sort":{"_id":1}},{"$project":{"name":1,"_id":0}}],"limit":1)") ==
      R"([{"name":"Bob"}])");
  CHECK(people.ask("aggregate", R"("pipeline":{},"limit":1)") ==
        R"([{"_id":1,"age":30,"name":"Bob"}])");
  CHECK(people.ask("aggregate",
                   R"("pipeline":[{"$lookup":{"as":"same","foreignField":"age","from":"people",
                                  "localField":"age"}},{"$match":{"_id":1}},{"$project":{"n":{"$size":"$same"}}}])") ==
        R"([{"_id":1,"n":1}])");
  CHECK_THAT(people.refused("aggregate", R"("pipeline":[{"$sort":{"age":1,"name":1}}])"),
             Contains("'pipeline'.0.$sort") && Contains("keeps no order"));
}

TEST_CASE("mongo: queries that look like values of extended JSON stay queries") {
  People people;
  people.ask("insert_many", kPeople);
  const auto names = [&](const std::string& filter) {
    return people.ask("find", R"("projection":{"_id":0,"name":1},"filter":)" + filter);
  };
  CHECK(names(R"({"name":{"$regex":"^B"}})") == R"([{"name":"Bob"}])");
  CHECK(names(R"({"name":{"$options":"i","$regex":"^b"}})") == R"([{"name":"Bob"}])");
  CHECK(names(R"({"name":{"$regex":"^B","$type":"string"}})") == R"([{"name":"Bob"}])");
  CHECK(names(R"({"name":{"$regularExpression":{"options":"i","pattern":"^b"}}})") ==
        R"([{"name":"Bob"}])");
  CHECK(names(R"({"name":{"$type":2},"_id":1})") == R"([{"name":"Bob"}])");
  CHECK(names(R"({"name":{"$type":"string"},"_id":1})") == R"([{"name":"Bob"}])");
  CHECK(names(R"({"$or":[{"name":"Dan"},{"age":{"$in":[1,30]}}]})") ==
        R"([{"name":"Bob"},{"name":"Dan"}])");
}

TEST_CASE("mongo: whom nobody waits for is not served") {
  People people;
  const PluginAnswer answer =
      people.plugin().call_abandoned("insert", R"({"collection":"people","data":{"_id":1}})");
  CHECK_FALSE(answer.ok);
  CHECK(answer.text == "the call's time is over");
  CHECK(people.ask("count") == "0");
}

}  // namespace
}  // namespace sluice::test
