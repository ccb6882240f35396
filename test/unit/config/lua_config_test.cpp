#include "base/config/lua_config.h"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::config;
using Catch::Matchers::Contains;

namespace {

std::string error_of(std::string_view text) {
  const auto blocks = parse_config(text, "dir/config.lua");
  return blocks.ok() ? "accepted" : blocks.error().text();
}

}  // namespace

TEST_CASE("blocks come in their order, with lines and values") {
  const auto blocks =
      parse_config("Api {\n listen = 'x',\n timeout = 5\n}\nLogger { fancy = true }", "c");
  REQUIRE(blocks.ok());
  REQUIRE(blocks->size() == 2);
  const ConfigBlock& api = (*blocks)[0];
  CHECK(api.name == "Api");
  CHECK(api.line == 1);
  REQUIRE(api.keys.size() == 2);
  CHECK(api.keys[0].name == "listen");
  CHECK(api.keys[0].line == 2);
  CHECK(api.keys[0].value == Value("x"));
  CHECK(api.keys[1].value == Value(int64_t{5}));
  CHECK((*blocks)[1].keys[0].value == Value(true));
}

TEST_CASE("variables of one's own and arithmetic are allowed") {
  const auto blocks = parse_config("local n = 2\nRunner { workers = n * 4, name = 'r' .. n }", "c");
  REQUIRE(blocks.ok());
  CHECK((*blocks)[0].keys.size() == 2);
}

TEST_CASE("there is nothing else to call or to set") {
  for (const char* name :
       {"print", "require", "os", "io", "load", "dofile", "string", "setmetatable", "getmetatable",
        "pcall", "rawset", "collectgarbage", "coroutine", "debug", "_G", "assert", "pairs"}) {
    INFO(name);
    CHECK_THAT(error_of(std::string("\n") + name + "('x')"),
               Contains("dir/config.lua:2: unknown block '" + std::string(name) + "'"));
  }
  CHECK_THAT(error_of("('x'):rep(10)"),
             Contains("dir/config.lua:1: attempt to index a string value"));
  CHECK_THAT(error_of("port = 1"),
             Contains("'port' is no setting; a variable of your own is 'local port = …'"));
  CHECK_THAT(error_of("Api = { listen = 1 }"), Contains("dir/config.lua:1:"));
  CHECK_THAT(error_of("_ENV = nil\nApi {}"), Contains("dir/config.lua:2:"));
}

TEST_CASE("an endless loop and endless memory are errors") {
  CHECK_THAT(error_of("\nwhile true do end"), Contains("dir/config.lua:2: runs for too long"));
  CHECK_THAT(error_of("local t = {}\nlocal i = 1\nwhile true do t[i] = i .. 'x' i = i + 1 end"),
             Contains("runs for too long") || Contains("needs more than 2 MiB"));
  CHECK_THAT(error_of("local s = 'x' while true do s = s .. s end"),
             Contains("needs more than 2 MiB"));
  CHECK_THAT(error_of("local function f() return f() + 1 end\nf()"),
             Contains("dir/config.lua:1: stack overflow") || Contains("runs for too long") ||
                 Contains("needs more"));
  CHECK_THAT(error_of(std::string(250, '(') + std::string(100'000, '(')),
             Contains("dir/config.lua:1:"));
}

TEST_CASE("bytecode is refused") {
  CHECK_THAT(error_of(std::string_view("\x1bLua\x53\0\x19\x93", 8)), Contains("dir/config.lua"));
}

TEST_CASE("a mistake of syntax names its line") {
  CHECK_THAT(error_of("Api {\n listen = \n}"), Contains("dir/config.lua:3: unexpected symbol"));
  CHECK_THAT(error_of("Api { listen = 'x' "), Contains("dir/config.lua:1:"));
}

TEST_CASE("a block takes one table with names") {
  CHECK_THAT(error_of("Api()"),
             Contains("dir/config.lua:1: Api takes a table: Api { key = value }"));
  CHECK_THAT(error_of("Api 'x'"), Contains("Api takes a table"));
  CHECK_THAT(error_of("Api { 'x' }"), Contains("dir/config.lua:1: Api has a value without a name"));
  CHECK_THAT(error_of("Api { [true] = 1 }"), Contains("Api has a value without a name"));
  CHECK_THAT(error_of("Api { listen = Api }"), Contains("Api: 'listen' cannot be a function"));
}

TEST_CASE("a plugin takes a name, then a table") {
  CHECK_THAT(error_of("\nPlugin 'x'"), Contains("dir/config.lua:2: "));
  CHECK_THAT(error_of("local p = Plugin 'x'"),
             Contains("dir/config.lua:1: Plugin \"x\" has no table"));
  CHECK_THAT(error_of("Plugin { file = 'x' }"), Contains("Plugin takes a name and a table"));
  CHECK_THAT(error_of("Plugin 'x' 'y'"), Contains("Plugin \"x\" takes a table"));
}

TEST_CASE("a plugin's options become JSON") {
  const auto blocks = parse_config(
      R"(Plugin "p" { file = "f", n = 9007199254740993, x = 1.5, on = true, list = {1, "two", {}}, nested = { file = "kept" }, text = "ü\"\n" })",
      "c");
  REQUIRE(blocks.ok());
  const std::string& json = (*blocks)[0].options;
  for (const char* part :
       {R"("n":9007199254740993)", R"("x":1.5)", R"("on":true)", R"("list":[1,"two",{}])",
        R"("nested":{"file":"kept"})", R"("text":"ü\"\n")"}) {
    CHECK_THAT(json, Contains(part));
  }
  REQUIRE((*blocks)[0].keys.size() == 1);
  CHECK((*blocks)[0].keys[0].value == Value("f"));
}

TEST_CASE("what a plugin's options cannot be is refused") {
  CHECK_THAT(error_of("Plugin 'p' { f = Api }"),
             Contains("Plugin \"p\": 'f': a function, which JSON does not have"));
  CHECK_THAT(error_of("Plugin 'p' { list = { 1, { inner = Api } } }"),
             Contains("'list.inner': a function"));
  CHECK_THAT(error_of("local t = {} t.t = t Plugin 'p' { t = t }"),
             Contains("nested deeper than 16 levels"));
  CHECK_THAT(error_of("Plugin 'p' { t = { 1, a = 2 } }"), Contains("both positions and names"));
  CHECK_THAT(error_of("Plugin 'p' { t = { [1.5] = 2 } }"), Contains("keys that are no texts"));
  CHECK_THAT(error_of("Plugin 'p' { x = 1/0 }"), Contains("not finite"));
  CHECK_THAT(error_of("Plugin 'p' { x = '\\0' }"), Contains("zero byte"));
  CHECK_THAT(error_of("Plugin 'p' { x = '\\xff' }"), Contains("invalid UTF-8"));
  CHECK_THAT(error_of("local a = {1,1,1,1,1,1,1,1,1,1} local b = {a,a,a,a,a,a,a,a,a,a} local c = "
                      "{b,b,b,b,b,b,b,b,b,b} "
                      "Plugin 'p' { x = {c,c,c,c,c,c,c,c,c,c,c} }"),
             Contains("more than 10000 values"));
}
