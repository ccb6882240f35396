#include "cli/json.h"

#include <catch2/catch.hpp>

using namespace sluice::cli;
using Kind = JsonView::Kind;

namespace {

std::string compact(std::string_view text) {
  const auto json = JsonView::of(text);
  return json ? json->compact() : "no JSON";
}

std::string indented(std::string_view text) {
  const auto json = JsonView::of(text);
  return json ? json->indented() : "no JSON";
}

}  // namespace

TEST_CASE("numbers stay as they were sent") {
  for (const char* number : {"9007199254740993", "-9223372036854775808", "1.0", "1e3", "0.1", "-0",
                             "1E+2", "123456789.123456789012345"}) {
    CHECK(compact(number) == number);
    CHECK(indented(number) == number);
    CHECK(compact("[" + std::string(number) + " ]") == "[" + std::string(number) + "]");
  }
}

TEST_CASE("white space between tokens goes, white space in strings stays") {
  CHECK(compact(" { \"a b\" :\n[ 1 , 2,\ttrue ] , \"c\" : \" , : { \\\" \\\\\" } ") ==
        R"({"a b":[1,2,true],"c":" , : { \" \\"})");
}

TEST_CASE("indented JSON has a line for each member and element") {
  CHECK(indented(R"({"a":1,"b":{},"c":[],"d":[1,{"e":null}]})") ==
        "{\n"
        "  \"a\": 1,\n"
        "  \"b\": {},\n"
        "  \"c\": [],\n"
        "  \"d\": [\n"
        "    1,\n"
        "    {\n"
        "      \"e\": null\n"
        "    }\n"
        "  ]\n"
        "}");
  CHECK(indented("[]") == "[]");
  CHECK(indented("\"x\"") == "\"x\"");
}

TEST_CASE("what is not one JSON value is not JSON") {
  for (const char* text : {"", " ", "OK", "{", "[1", "[1,]", "{\"a\"}", "\"x", "01", "1 2", "nul",
                           "\"\xff\"", "'x'", "{\"a\":1}}", "\"\\"}) {
    INFO(text);
    CHECK_FALSE(JsonView::of(text).has_value());
  }
}

TEST_CASE("strings are decoded, the character zero too") {
  CHECK(JsonView::of(R"("a\n\u00e9\ud83d\ude00\u0000b\/")")->string() ==
        std::string("a\n\xC3\xA9\xF0\x9F\x98\x80\0b/", 11));
  CHECK(JsonView::of(" \"\" ")->string().empty());
}

TEST_CASE("members and elements come in the order sent, whole") {
  const auto object = *JsonView::of(R"( {"z" : [1, {"y": 2}], "\u0061" : "]}", "n":null} )");
  const auto members = object.members();
  REQUIRE(members.size() == 3);
  CHECK(members[0].first == "z");
  CHECK(members[0].second.text() == R"([1, {"y": 2}])");
  CHECK(members[1].first == "a");
  CHECK(members[1].second.string() == "]}");
  CHECK(members[2].second.kind() == Kind::kNull);
  CHECK(object.find("z")->elements()[1].find("y")->text() == "2");
  CHECK_FALSE(object.find("absent").has_value());
}

TEST_CASE("a value knows its kind, and has no parts of another") {
  CHECK(JsonView::of("{}")->kind() == Kind::kObject);
  CHECK(JsonView::of("[]")->kind() == Kind::kArray);
  CHECK(JsonView::of("\"\"")->kind() == Kind::kString);
  CHECK(JsonView::of("-1")->kind() == Kind::kNumber);
  CHECK(JsonView::of("true")->kind() == Kind::kBool);
  CHECK(JsonView::of("null")->kind() == Kind::kNull);
  CHECK(JsonView::of("{}")->members().empty());
  CHECK(JsonView::of("[]")->elements().empty());
  CHECK(JsonView::of("7")->members().empty());
  CHECK(JsonView::of("\"x\"")->elements().empty());
  CHECK_FALSE(JsonView::of("[1]")->find("a").has_value());
}

TEST_CASE("deep nesting is laid out without a deep stack") {
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  CHECK(compact(deep) == deep);
  CHECK(JsonView::of(deep)->elements().size() == 1);
  const std::string too_deep = std::string(100000, '[') + std::string(100000, ']');
  CHECK_FALSE(JsonView::of(too_deep).has_value());
}
