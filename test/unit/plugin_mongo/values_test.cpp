// Values of all kinds come back as they were.
#include "test/unit/plugin_mongo/people.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;

// What a document's field v comes back as.
std::string through(People& people, const std::string& value) {
  people.ask("update", R"("upsert":true,"filter":{"_id":1},"update":{"v":)" + value + "}");
  const std::string found = people.ask("find", R"("filter":{"_id":1})");
  const std::string before = R"([{"_id":1,"v":)";
  REQUIRE(found.substr(0, before.size()) == before);
  return found.substr(before.size(), found.size() - before.size() - 2);
}

TEST_CASE("mongo: values come back as they were") {
  People people;
  for (const char* value : {"0",
                            "-1",
                            "2147483648",
                            "9007199254740993",
                            "9223372036854775807",
                            "-9223372036854775808",
                            "5.0",
                            "-0.0",
                            "1.5",

                            "true",
                            "false",
                            "null",
                            R"("")",
                            R"("Zoë \"quoted\" \\ 日本 \u0001")",
                            "[]",
                            "{}",
                            "[[],{}]",
                            R"({"a":{"b":[1,2.0,"x",null]}})",
                            R"({"$oid":"5f0000000000000000000001"})",
                            R"({"$date":"2020-01-02T03:04:05Z"})",
                            R"({"$date":"2020-01-02T03:04:05.678Z"})",
                            R"({"$date":{"$numberLong":"-5"}})",
                            R"({"$binary":{"base64":"AAEC/w==","subType":"00"}})",
                            R"({"$regularExpression":{"pattern":"^a","options":"i"}})",
                            R"({"$numberDecimal":"1.10"})",
                            R"({"$minKey":1})",
                            R"({"$maxKey":1})",
                            R"({"$timestamp":{"t":1,"i":2}})"})
    CHECK(through(people, value) == value);
}

TEST_CASE("mongo: doubles come back to the last bit") {
  People people;
  for (const char* value :
       {"0.1", "3.141592653589793", "5e-324", "1.7976931348623157e308", "9007199254740993.0",
        "2.2250738585072014e-308", "1e22", "123456789.123456789"}) {
    const std::string back = through(people, value);
    INFO(value << " came back as " << back);

    CHECK(std::strtod(back.c_str(), nullptr) == std::strtod(value, nullptr));
    CHECK(back.find_first_of(".e") != std::string::npos);  // no integer
  }
}

TEST_CASE("mongo: older forms of extended JSON are read, too") {
  People people;
  CHECK(through(people, R"({"$numberLong":"5"})") == "5");
  CHECK(through(people, R"({"$date":1577934245000})") == R"({"$date":"2020-01-02T03:04:05Z"})");
  CHECK(through(people, R"({"$uuid":"00010203-0405-0607-0809-0a0b0c0d0e0f"})") ==
        R"({"$binary":{"base64":"AAECAwQFBgcICQoLDA0ODw==","subType":"04"}})");
  CHECK(through(people, R"({"$binary":"AAEC","$type":"00"})") ==
        R"({"$binary":{"base64":"AAEC","subType":"00"}})");
}

TEST_CASE("mongo: what is no value is refused, and the error says where it is") {
  People people;
  const auto said = [&](const std::string& data) {
    return people.refused("insert", R"("data":)" + data);
  };
  CHECK_THAT(said(R"({"a":{"b":[0,{"$oid":"12"}]}})"),
             Contains("'data'.a.b.1: ") && Contains("12"));
  CHECK_THAT(said(R"({"born":{"$date":"yesterday"}})"),
             Contains("'data'.born: ") && Contains("yesterday"));
  CHECK_THAT(said(R"({"n":9223372036854775808})"),
             Contains("'data'.n: a whole number must be at most"));
  CHECK_THAT(said("{\"a\\u0000b\":1}"), Contains("zero byte"));
  CHECK_THAT(said(R"({"v":)" + std::string(120, '[') + std::string(120, ']') + "}"),
             Contains("nested deeper than 100"));
  CHECK(people.ask("count") == "0");
}

TEST_CASE("mongo: a field may have any name, even none") {
  People people;
  people.insert(R"({"":1,"Zoë":2,"_id":1,"a b":{"":{"":3}}})");
  people.ask("insert_many", R"("data":[{"":1,"_id":2}])");
  CHECK(people.ask("find", R"("sort":{"_id":1})") ==
        R"([{"":1,"Zoë":2,"_id":1,"a b":{"":{"":3}}},{"":1,"_id":2}])");
}

TEST_CASE("mongo: deep documents come back whole") {
  People people;
  const std::string deep = std::string(90, '[') + std::string(90, ']');
  CHECK(through(people, deep) == deep);
}

}  // namespace
}  // namespace sluice::test
