// Small documents: read strictly, written safely.
#include <catch2/catch.hpp>

#include "base/json_doc.h"

namespace sluice {
namespace {

std::string first_fault(std::string_view text) {
  const Result<CJsonPtr> document = parse_json(text, "body");
  if (!document.ok()) return document.error().text();
  ObjectReader reader(**document, "body");
  reader.text("name");
  reader.optional_text("note");
  reader.integer("count", 0, 10, 3);
  const Status status = reader.done();
  return status.ok() ? "" : status.error().text();
}

TEST_CASE("a good object is read") {
  const auto document = parse_json(R"({"count":7,"name":"a\u00e4"})", "body");
  REQUIRE(document.ok());
  ObjectReader reader(**document, "body");
  CHECK(reader.text("name") == "a\xc3\xa4");
  CHECK(reader.optional_text("note") == std::nullopt);
  CHECK(reader.integer("count", 0, 10, 3) == 7);
  CHECK(reader.integer("other", 0, 10, 3) == 3);
  CHECK(reader.done().ok());
}

TEST_CASE("every fault says where it is and what would be right") {
  CHECK(first_fault(R"({"name":"a"})") == "");
  CHECK(first_fault("") == "body: is empty; JSON is expected");
  CHECK(first_fault("[]") == "body: must be an object, is an array");
  CHECK(first_fault(R"({})") == "body.name: is missing; it must be a string");
  CHECK(first_fault(R"({"name":1})") == "body.name: must be a string, is a number");
  CHECK(first_fault(R"({"name":null})") == "body.name: must be a string, is null");
  CHECK(first_fault(R"({"name":"a","count":"1"})") ==
        "body.count: must be an integer from 0 to 10, is a string");
  CHECK(first_fault(R"({"name":"a","count":1.5})") ==
        "body.count: must be an integer from 0 to 10");
  CHECK(first_fault(R"({"name":"a","count":-1})") == "body.count: must be an integer from 0 to 10");
  CHECK(first_fault(R"({"name":"a","count":1e300})") ==
        "body.count: must be an integer from 0 to 10");
  CHECK(first_fault(R"({"name":"a","colour":1})") ==
        "body.colour: is unknown here; known are name, note, count");
  CHECK(first_fault(R"({"name":"a","name":"b"})") ==
        "body: is not JSON: line 1, column 13 (offset 12): the key \"name\" is given twice in one "
        "object, first at offset 1");
  CHECK(first_fault(R"({"name":"\ud800"})") ==
        "body: is not JSON: line 1, column 10 (offset 9): half of a surrogate pair, which is no "
        "character");
  CHECK(first_fault("{\"name\":\"\xff\"}") ==
        "body: is not JSON: line 1, column 10 (offset 9): invalid UTF-8 (byte 0xff)");
  CHECK(first_fault(R"({"count":1e999})") ==
        "body: is not JSON: line 1, column 10 (offset 9): the number 1e999 is outside the range of "
        "binary64 (about 1.8e308)");
  CHECK(first_fault(std::string(65, '[') + std::string(65, ']')) ==
        "body: is not JSON: line 1, column 65 (offset 64): nested deeper than 64 levels");
  CHECK(first_fault(R"({"name":"a\u0000b"})") == "body: must not contain \\u0000");
  CHECK(first_fault(R"({"name":)").find("body: is not JSON: line 1, column") == 0);
}

TEST_CASE("quoted text is valid JSON whatever its bytes are") {
  CHECK(json_quoted("a\"b\\c\n\t\r") == R"("a\"b\\c\n\t\r")");
  CHECK(json_quoted(std::string_view("\0\x01\x7f", 3)) == R"("\u0000\u0001\u007f")");
  CHECK(json_quoted("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") ==
        "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
  CHECK(json_quoted("\xc3") == "\"\xef\xbf\xbd\"");
  CHECK(json_quoted("\xed\xa0\x80").find("\xed") == std::string::npos);  // a surrogate
  CHECK(json_quoted("\xc0\xaf").find("\xc0") == std::string::npos);      // overlong
}

TEST_CASE("objects are written in order") {
  JsonObject inner;
  inner.boolean("b", true).null("n");
  JsonObject object;
  object.integer("i", INT64_MAX).text("t", "\"").raw("r", "[1,2]").object("o", std::move(inner));
  CHECK(object.print() ==
        R"({"i":9223372036854775807,"t":"\"","r":[1,2],"o":{"b":true,"n":null}})");
}

}  // namespace
}  // namespace sluice
