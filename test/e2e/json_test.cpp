// JSON in, Lua, JSON out, through the whole server.
#include <catch2/catch.hpp>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

TEST_CASE("return args gives back what came") {
  TempFolder data;
  Server server(data.path());
  Http http(server.url());
  REQUIRE(http.create("echo", "function main(args) return args end").status == 200);

  const char* const same[] = {
      "1",
      "-1",
      "0",
      "9223372036854775807",
      "-9223372036854775808",
      "1.0",
      "-0.0",
      "0.1",
      "1e+300",
      "5e-324",
      "1.7976931348623157e+308",
      "123456789.123",
      "\"\"",
      R"("a\"b\\c")",
      R"("\u0000x")",
      R"("\u001f")",
      "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
      "[]",
      "{}",
      "[[],{}]",
      "[1,null,3]",
      "[null]",
      "[3,2,1]",
      R"({"a":{},"b":[]})",
      R"({"1":"one"})",
      "true",
      "false",
      "null",
      R"([{"x":[1,[2,[3]]]}])",
  };
  for (const char* payload : same) {
    const Reply reply = http.block("echo", payload);
    INFO(payload << " came back as " << reply.body);
    CHECK(reply.status == 200);
    CHECK(reply.body == payload);
  }
  CHECK(http.block("echo", R"({"b":1,"a":null,"c":2})").body == R"({"b":1,"c":2})");
  CHECK(http.block("echo", R"({"z":1,"a":2})").body == R"({"a":2,"z":1})");
  CHECK(http.block("echo", "").body == "{}");
  CHECK(http.block("echo", "\"" + std::string(900'000, 'x') + "\"").body.size() == 900'002);
}

TEST_CASE("what is no JSON, or beyond its ranges, is refused with the reason") {
  TempFolder data;
  Server server(data.path());
  Http http(server.url());
  REQUIRE(http.create("echo", "function main(args) return args end").status == 200);
  const char* const bad[] = {"{",
                             "{\"a\":}",
                             "[1,]",
                             "nul",
                             "01",
                             "'x'",
                             "\"\x01\"",
                             "\"\xff\"",
                             "{} {}",
                             "9223372036854775808",
                             "-9223372036854775809",
                             "1e400",
                             "\"\\ud800\""};
  for (const char* payload : bad) {
    INFO(payload);
    const Reply reply = http.block("echo", payload);
    CHECK(reply.status == 400);
    CHECK(reply.body.size() > 10);
    CHECK(http.post("/actions/echo", payload).status == 400);
  }
  CHECK(http.block("echo", std::string(65, '[') + std::string(65, ']')).status == 400);
}

TEST_CASE("a result without a JSON form is the job's failure and says where") {
  TempFolder data;
  Server server(data.path());
  Http http(server.url());
  const struct {
    const char* name;
    const char* code;
    const char* where;
  } cases[] = {
      {"function", "return {items = {1, 2, print}}", "items[3]"},
      {"cycle", "local t = {} t.self = {t} return t", "self[1]"},
      {"nan", "return {price = 0/0}", "price"},
      {"inf", "return {1, math.huge}", "[2]"},
      {"mixed", "return {1, 2, x = 3}", ""},
      {"hole", "return {1, nil, nil, nil, 5, [9] = 1}", ""},
      {"deep", "local t = {} for i = 1, 200 do t = {t} end return t", "[1]"},
      {"utf8", "return {s = '\\xff'}", "s"},
      {"large", "return string.rep('x', 2000000)", ""},
  };
  for (const auto& c : cases) {
    INFO(c.name);
    REQUIRE(http.create(c.name, std::string("function main() ") + c.code + " end").status == 200);
    const Reply reply = http.block(c.name);
    INFO(reply.body);
    CHECK(reply.status == 500);
    CHECK(json_member(reply.body, "err") == "6");
    CHECK(json_member(reply.body, "message").find(c.where) != std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::test
