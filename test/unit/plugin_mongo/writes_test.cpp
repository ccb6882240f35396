// Inserting, changing and deleting.
#include <thread>
#include <vector>

#include "test/unit/plugin_mongo/people.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("mongo: a person is inserted and found by a query") {
  People people;
  const std::string id = people.ask("insert", R"("data":{"age":42,"name":"Ann"})");
  REQUIRE(id.size() == 26);
  CHECK(id.find_first_not_of("\"0123456789abcdef") == std::string::npos);
  people.insert(R"({"age":60,"name":"Bob"})");

  CHECK(people.ask("query", R"("query":{"age":{"$lt":50}})") ==
        R"([{"_id":{"$oid":)" + id + R"(},"age":42,"name":"Ann"}])");
  CHECK(people.ask("find", R"("filter":{"_id":{"$oid":)" + id + R"(}},"projection":{"_id":0})") ==
        R"([{"age":42,"name":"Ann"}])");
}

TEST_CASE("mongo: an _id of one's own is answered as it is") {
  People people;
  CHECK(people.ask("insert", R"("data":{"_id":"ann"})") == R"("ann")");
  CHECK(people.ask("insert", R"("data":{"_id":9007199254740993})") == "9007199254740993");
  CHECK(people.ask("insert", R"("data":{"_id":{"$date":"2020-01-02T03:04:05Z"}})") ==
        R"({"$date":"2020-01-02T03:04:05Z"})");
  CHECK(people.ask("insert", R"("data":{"_id":{"a":1,"b":[2]}})") == R"({"a":1,"b":[2]})");
  CHECK(people.ask("count") == "4");
}

TEST_CASE("mongo: an empty table is an empty document, however it was written") {
  People people;
  CHECK(people.ask("insert", R"("data":{})").size() == 26);
  CHECK(people.ask("insert", R"("data":[])").size() == 26);
  CHECK(people.ask("insert_many", R"("data":[{},[]])").size() == 2 * 26 + 3);
  CHECK(people.ask("insert_many", R"("data":{})") == "[]");
  CHECK(people.ask("count", R"("filter":[])") == "4");
  CHECK(people.ask("count", R"("filter":{})") == "4");
}

TEST_CASE("mongo: the same _id twice is MongoDB's own error, with its code") {
  People people;
  people.insert(R"({"_id":"ann"})");
  const std::string said = people.refused("insert", R"("data":{"_id":"ann"})");
  CHECK_THAT(said, Contains("MongoDB: ") && Contains("duplicate key") && Contains("(code 11000)"));
  CHECK_THAT(said, !Contains("mongodb://"));
}

TEST_CASE("mongo: many are inserted at once, and the first that fails ends it") {
  People people;
  CHECK(people.ask("insert_many", R"("data":[{"_id":1},{"_id":"b"},{"_id":3}])") == R"([1,"b",3])");
  CHECK_THAT(people.refused("insert_many", R"("data":[{"_id":4},{"_id":"b"},{"_id":5}])"),
             Contains("duplicate key") && Contains("of 3 documents the first 1 were inserted"));
  CHECK(people.ask("count") == "4");
}

TEST_CASE(
    "mongo: too many documents, or ids too long to be answered, are refused before anything is "
    "inserted") {
  People people(R"("max_documents":3,"max_bytes":64)");
  CHECK_THAT(people.refused("insert_many", R"("data":[{},{},{},{}])"),
             Contains("at most 3 at a time"));
  CHECK_THAT(people.refused("insert_many", R"("data":[{},{},{}])"), Contains("more than 64 bytes"));
  CHECK_THAT(people.refused("insert", R"("data":{"_id":")" + std::string(80, 'x') + "\"}"),
             Contains("'data'._id is too long"));
  CHECK(people.ask("count") == "0");
}

TEST_CASE("mongo: an update has operators, or is a whole new document") {
  People people;
  people.ask("insert_many", R"("data":[{"_id":1,"age":20},{"_id":2,"age":30},{"_id":3,"age":40}])");
  CHECK(people.ask("update",
                   R"("filter":{"age":{"$gt":25}},"update":{"$set":{"old":true}},"many":true)") ==
        R"({"matched":2,"modified":2})");
  CHECK(people.ask("update", R"("filter":{"_id":1},"update":{"$inc":{"age":9007199254740993}})") ==
        R"({"matched":1,"modified":1})");
  CHECK(people.ask("update", R"("filter":{"_id":2},"update":{"name":"Bob"})") ==
        R"({"matched":1,"modified":1})");
  CHECK(
      people.ask("find", R"("sort":{"_id":1})") ==
      R"([{"_id":1,"age":9007199254741013},{"_id":2,"name":"Bob"},{"_id":3,"age":40,"old":true}])");
  CHECK(people.ask("update", R"("filter":{"_id":9},"update":{"$set":{"age":1}})") ==
        R"({"matched":0,"modified":0})");

  CHECK_THAT(people.refused("update", R"("filter":{"_id":2},"update":{"$inc":{"name":1}})"),
             Contains("MongoDB: ") && Contains("(code "));
  CHECK_THAT(people.refused("update", R"("filter":{"_id":1},"update":{"$set":{"a":1},"b":2})"),
             Contains("'update' must hold either operators"));
  CHECK_THAT(people.refused("update", R"("filter":{"_id":1},"update":{})"),
             Contains("'update' is empty"));
  CHECK_THAT(people.refused("update", R"("filter":{"_id":1},"update":{"a":1},"many":true)"),
             Contains("cannot replace many"));
  CHECK_THAT(people.refused("update", R"("filter":{"_id":1},"update":[{"$set":{"a":1}}])"),
             Contains("'update' must be an object"));
}

TEST_CASE("mongo: an upsert answers the id of what it made") {
  People people;
  CHECK(
      people.ask("update", R"("filter":{"_id":"ann"},"update":{"$set":{"age":1}},"upsert":true)") ==
      R"({"matched":0,"modified":0,"upserted_id":"ann"})");
  const std::string made =
      people.ask("update", R"("filter":{"name":"Bob"},"update":{"$set":{"age":1}},"upsert":true)");
  CHECK_THAT(made, Contains(R"("upserted_id":")"));
  CHECK(people.ask("count", R"("filter":{"_id":{"$oid":)" + made.substr(made.rfind(':') + 1, 26) +
                                "}}") == "1");
}

TEST_CASE("mongo: an upsert that cannot be made is an error") {
  People people;
  people.insert(R"({"_id":1,"age":20})");
  CHECK_THAT(
      people.refused("update",
                     R"("filter":{"_id":1,"age":30},"update":{"$set":{"a":1}},"upsert":true)"),
      Contains("duplicate key") && Contains("(code 11000)"));
  CHECK(people.ask("find") == R"([{"_id":1,"age":20}])");
}

TEST_CASE("mongo: what means every document has to be said twice") {
  People people;
  people.ask("insert_many", R"("data":[{"_id":1},{"_id":2},{"_id":3}])");
  for (const char* filter : {"{}", "[]"}) {
    const std::string empty = R"("filter":)" + std::string(filter);
    for (const char* flags : {"", R"(,"many":true)", R"(,"all":true)"}) {
      CHECK_THAT(people.refused("delete", empty + flags), Contains("many=true and all=true"));
      CHECK_THAT(people.refused("update", empty + R"(,"update":{"$set":{"a":1}})" + flags),
                 Contains("many=true and all=true"));
    }
  }
  CHECK_THAT(people.refused("delete"), Contains("needs 'filter'"));
  CHECK(people.ask("update", R"("filter":{},"update":{"$set":{"a":1}},"many":true,"all":true)") ==
        R"({"matched":3,"modified":3})");
  CHECK(people.ask("delete", R"("filter":{"a":1})") == R"({"deleted":1})");
  CHECK(people.ask("delete", R"("filter":{"_id":{"$gt":9}},"many":true)") == R"({"deleted":0})");
  CHECK(people.ask("delete", R"("filter":[],"many":true,"all":true)") == R"({"deleted":2})");
  CHECK(people.ask("count") == "0");
}

TEST_CASE("mongo: as many calls at once as there may be") {
  PluginDriver::Options options;
  options.concurrency = 8;
  People people("", options);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&people, i] {
      for (int k = 0; k < 20; ++k) {
        const std::string id = std::to_string(i * 100 + k);
        const PluginAnswer made =
            people.plugin().call("insert", R"({"collection":"people","data":{"_id":)" + id + "}}");
        const PluginAnswer found =
            people.plugin().call("find", R"({"collection":"people","filter":{"_id":)" + id + "}}");
        if (!made.ok || found.text != R"([{"_id":)" + id + "}]") return;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(people.ask("count") == "160");
}

}  // namespace
}  // namespace sluice::test
