#include "base/json_check.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "base/json_error.h"

using namespace sluice;
using Catch::Matchers::Contains;

namespace {

std::string why(std::string_view text) {
  JsonChecker checker;
  const Status status = checker.check(text);
  if (status.ok()) return "accepted";
  CHECK(status.error().code == Code::kInvalid);
  return status.error().message;
}

bool accepted(std::string_view text) {
  return why(text) == "accepted";
}

std::string nested(size_t depth, std::string_view open, std::string_view inner,
                   std::string_view close) {
  std::string text;
  for (size_t i = 0; i < depth; ++i) text += open;
  text += inner;
  for (size_t i = 0; i < depth; ++i) text += close;
  return text;
}

}  // namespace

TEST_CASE("any JSON value is accepted, also at the top") {
  for (const char* text :
       {"{}", "[]", "null", "true", "false", "0", "-0", "1.5", "\"\"", " \t\r\n1 \n",
        R"({"name":"Payload"})", R"([1,[2,{"a":[]}],"x",null])", R"("\u0000\ud83d\ude00\/\b\f")",
        "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"", R"({"a":1,"A":2})"}) {
    INFO(text);
    CHECK(accepted(text));
  }
}

TEST_CASE("a text that is no JSON is refused, with the place and the reason") {
  CHECK_THAT(why(""), Contains("line 1, column 1 (offset 0): no JSON value"));
  CHECK_THAT(why(std::string_view()), Contains("no JSON value"));
  CHECK_THAT(why(" \n "), Contains("line 2, column 2 (offset 3): no JSON value"));
  CHECK_THAT(why("{\"a\": 1,\n \"b\": x}"),
             Contains("line 2, column 7 (offset 15): expected a value, got 'x'"));
  CHECK_THAT(why("{\"a\":1;}"), Contains("expected ',' or '}' after a value, got ';'"));
  CHECK_THAT(why("[1 2]"), Contains("(offset 3): expected ',' or ']' after a value, got '2'"));
  CHECK_THAT(why("[1,]"), Contains("(offset 3): expected a value, got ']'"));
  CHECK_THAT(why("{a:1}"), Contains("expected a key in double quotes, got 'a'"));
  CHECK_THAT(why("{\"a\" 1}"), Contains("expected ':' after a key, got '1'"));
  CHECK_THAT(why("{} {}"), Contains("expected the end after the value, got '{'"));
  CHECK_THAT(why("[1"), Contains("(offset 2): expected ',' or ']' after a value, got the end"));
  CHECK_THAT(why("\"abc"), Contains("a string without its closing quote"));
  CHECK_THAT(why("trau"), Contains("expected 'true', got 'trau'"));
  CHECK_THAT(why("nan"), Contains("expected 'null', got 'nan'"));
  CHECK_THAT(why("01"), Contains("a number with a leading zero"));
  CHECK_THAT(why("1."), Contains("expected a digit after '.', got the end"));
  CHECK_THAT(why("1e"), Contains("expected a digit in the exponent"));
  CHECK_THAT(why("-"), Contains("expected a digit, got the end"));
  CHECK_THAT(why("0x10"), Contains("expected the end of the number, got 'x'"));
  CHECK_THAT(why("\"a\tb\""), Contains("a control character (0x09) in a string: write \\u0009"));
  CHECK_THAT(why("\"\\x\""), Contains("unknown escape sequence: '\\' before 'x'"));
  CHECK_THAT(why("\"\\u12g4\""), Contains("\\u needs four hexadecimal digits"));
  CHECK_THAT(why("\xEF\xBB\xBF{}"), Contains("byte order mark"));
  CHECK_THAT(why(std::string_view("1\0", 2)),
             Contains("expected the end after the value, got byte 0x00"));
}

TEST_CASE("columns count characters, offsets bytes") {
  CHECK_THAT(why("[\"\xC3\xA9\xC3\xA9\" x]"), Contains("line 1, column 7 (offset 8)"));
}

TEST_CASE("integers end where int64 ends") {
  CHECK(accepted("9223372036854775807"));
  CHECK(accepted("-9223372036854775808"));
  CHECK_THAT(why("[9223372036854775808]"),
             Contains("(offset 1): the integer 9223372036854775808 is outside the range of int64"));
  CHECK_THAT(why("18446744073709551615"), Contains("outside the range of int64"));
  CHECK_THAT(why("18446744073709551616"), Contains("outside the range of int64"));
  CHECK_THAT(why("-9223372036854775809"), Contains("outside the range of int64"));
  CHECK_THAT(why("{\"a\":[[],{\"b\":9300000000000000000}]}"), Contains("(offset 14): the integer"));
}

TEST_CASE("other numbers end where binary64 ends") {
  CHECK(accepted("1.7976931348623157e308"));
  CHECK(accepted("9223372036854775808.0"));
  CHECK(accepted("1e-400"));
  CHECK_THAT(why("1e309"), Contains("the number 1e309 is outside the range of binary64"));
  CHECK_THAT(why("[1, -1e400]"), Contains("(offset 4): the number -1e400"));
}

TEST_CASE("a string must be UTF-8 and hold whole characters") {
  CHECK_THAT(why("\"\xFF\""), Contains("(offset 1): invalid UTF-8 (byte 0xff)"));
  CHECK_THAT(why("\"\xC0\x80\""), Contains("invalid UTF-8"));
  CHECK_THAT(why("\"\xED\xA0\x80\""), Contains("invalid UTF-8"));
  CHECK_THAT(why("\"\xF5\x80\x80\x80\""), Contains("invalid UTF-8"));
  CHECK_THAT(why("\"\xE2\x82\""), Contains("invalid UTF-8"));
  CHECK_THAT(why(R"("\ud800")"), Contains("(offset 1): half of a surrogate pair"));
  CHECK_THAT(why(R"("\ud800\u0041")"), Contains("half of a surrogate pair"));
  CHECK_THAT(why(R"("a\udc00")"), Contains("(offset 2): half of a surrogate pair"));
  CHECK_THAT(why(R"({"\udfff":1})"), Contains("(offset 2): half of a surrogate pair"));
}

TEST_CASE("nesting ends at the greatest depth, whatever stands inside") {
  for (const char* inner : {"", "1", "\"x\""}) {
    INFO("inner: " << inner);
    CHECK(accepted(nested(kMaxJsonDepth, "[", inner, "]")));
    CHECK_THAT(why(nested(kMaxJsonDepth + 1, "[", inner, "]")),
               Contains("(offset 64): nested deeper than 64 levels"));
  }
  CHECK(accepted(nested(kMaxJsonDepth, "{\"a\":", "1", "}")));
  CHECK_THAT(why(nested(kMaxJsonDepth + 1, "{\"a\":", "1", "}")),
             Contains("nested deeper than 64"));
  CHECK_THAT(why(nested(100'000, "[", "", "]")), Contains("nested deeper than 64"));
}

TEST_CASE("no object has a key twice, however it is written") {
  CHECK(
      why(R"({"a":1,"a":2})") ==
      "line 1, column 8 (offset 7): the key \"a\" is given twice in one object, first at offset 1");
  CHECK_THAT(why("{\"a\":1,\n \"\\u0061\":2}"),
             Contains("line 2, column 2 (offset 9): the key \"\\u0061\" is given twice in one "
                      "object, first at offset 1"));
  CHECK_THAT(why(R"({"":1,"":2})"), Contains("(offset 6): the key \"\" is given twice"));
  CHECK_THAT(
      why(R"([{"x":{"k":[],"l":0,"k":{}}}])"),
      Contains("(offset 20): the key \"k\" is given twice in one object, first at offset 7"));
  CHECK_THAT(why(R"({"\ud83d\ude00":1,"ð":2})"), Contains("accepted"));
  CHECK_THAT(why("{\"\\ud83d\\ude00\":1,\"\xF0\x9F\x98\x80\":2}"), Contains("is given twice"));
  CHECK_THAT(why("{\"\\n\\u00e9\\u20ac\":1,\"\\u000A\xC3\xA9\xE2\x82\xAC\":2}"),
             Contains("is given twice"));
  CHECK_THAT(why("{\"\\u0000a\":1,\"\\u0000b\":2,\"\\u0000a\":3}"), Contains("(offset 25)"));
  CHECK_THAT(why("{\"" + std::string(100, 'k') + "\":1,\"" + std::string(100, 'k') + "\":2}"),
             Contains("the key \"" + std::string(40, 'k') + "...\" is given twice"));
  CHECK(accepted(R"({"a":"a","b":"a","c":["a","a"]})"));
  CHECK(accepted(R"({"a":{"a":{"a":1}},"b":{"a":1}})"));
  CHECK(accepted(R"([{"a":1},{"a":1}])"));
  CHECK(accepted(R"({"\u0000":1,"":2,"\u0000\u0000":3})"));
}

TEST_CASE("a key that comes again is found among few and among many, whatever is before it") {
  for (const int count : {2, 8, 9, 1000}) {
    for (const int twin : {0, count / 2, count - 1}) {
      std::string text = "{";
      for (int i = 0; i < count; ++i) text += "\"key" + std::to_string(i) + "\":[{\"key0\":1}],";
      const size_t offset = text.size();
      INFO(count << " keys, " << twin << " again");
      CHECK(accepted(text + "\"key\":1}"));
      CHECK_THAT(why(text + "\"key" + std::to_string(twin) + "\":1}"),
                 Contains("(offset " + std::to_string(offset) + "): the key \"key" +
                          std::to_string(twin) + "\" is given twice"));
    }
  }
}

TEST_CASE("the first key that comes again is named") {
  CHECK_THAT(why(R"({"z":1,"a":1,"z":2,"a":2})"), Contains("(offset 13): the key \"z\""));
  CHECK_THAT(why(R"({"a":1,"a":2,"a":3})"), Contains("(offset 7)"));
}

TEST_CASE("a checker can be used again after an error and after a large text") {
  JsonChecker checker;
  CHECK(checker.check("{}").ok());
  CHECK_FALSE(checker.check("{").ok());
  const std::string large = "\"" + std::string(3 << 20, 'x') + "\"";
  CHECK(checker.check(large).ok());
  CHECK(checker.check("[1]").ok());
  CHECK_FALSE(checker.check(large + "x").ok());
  CHECK(checker.check("[1]").ok());
}

TEST_CASE("the checker and the fault finder agree on mutated texts") {
  const std::string seed =
      R"({"a":[1,-2.5e3,"x\u00e9\ud83d\ude00",true,false,null],"b":{"c":{}},"d":9223372036854775807})";
  std::mt19937 random(20261124);
  JsonChecker checker;
  int refused = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string text = seed;
    const int changes = 1 + static_cast<int>(random() % 3);
    for (int i = 0; i < changes; ++i) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1);
          break;
        default:
          text.insert(at, 1, seed[random() % seed.size()]);
      }
    }
    const bool good = checker.check(text).ok();
    refused += !good;
    if (good == !find_json_fault(text, kMaxJsonDepth)) continue;
    FAIL_CHECK("they differ on: " << text);
  }
  CHECK(refused > 10'000);
  CHECK(refused < 50'000);
}

TEST_CASE("speed of the check of a small payload", "[.benchmark]") {
  JsonChecker checker;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 1'000'000; ++i) {
    if (!checker.check(R"({"name":"Payload"})").ok()) FAIL();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  WARN(took.count() << " us a check");
}
