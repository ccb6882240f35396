#include <catch2/catch.hpp>

#include "fixture.h"

namespace sluice::sandbox {

using Catch::Contains;
using Catch::StartsWith;

namespace {

constexpr char kHello[] =
    "function main(args)\n\tif args.name == nil then\n\t\targs.name = 'World'\n\tend\n\t\n"
    "\treturn 'Hello ' .. args.name\nend";
constexpr uint64_t kMemory = 16 << 20;

std::string complaint(const std::string& source) {
  const auto code = compile({"bad.lua", source}, kMemory);
  if (code) return "";
  CHECK(code.error().code == Code::kInvalid);
  return code.error().message;
}

}  // namespace

TEST_CASE("A compiled source knows the size it has without debug information") {
  const auto code = compile({"hello.lua", kHello}, kMemory);
  REQUIRE(code.ok());
  CHECK(code->stripped_bytes == 192);
  CHECK(code->bytes.size() > code->stripped_bytes);
  CHECK(code->lua_tag == lua_tag());
}

TEST_CASE("The compiler's complaint begins with file and line") {
  CHECK(complaint("function main()\n  return 1 +\nend") ==
        "bad.lua:3: unexpected symbol near 'end'");
  CHECK(complaint("x = = 1") == "bad.lua:1: unexpected symbol near '='");
  CHECK(complaint("\xEF\xBB\xBFx = 1") == "bad.lua:1: unexpected symbol near '<\\239>'");
  CHECK(complaint("#!/usr/bin/lua\nx = 1") == "bad.lua:1: unexpected symbol near '#'");
  CHECK(complaint(bytecode_of("x = 1")) ==
        "bad.lua:1: attempt to load a binary chunk (mode is 't')");
  CHECK_THAT(complaint("x = '\xff\xfe"), StartsWith("bad.lua:1: unfinished string near "));
  CHECK_THAT(complaint(std::string(100'000, '(')), Contains("C levels"));
  CHECK(complaint("") == "");
}

TEST_CASE("A source that takes more memory than allowed is refused") {
  std::string source;
  for (int i = 0; i < 20'000; ++i) source += "f('" + std::to_string(i) + "')\n";
  CHECK(compile({"big.lua", source}, 64 << 20).ok());
  const auto refused = compile({"big.lua", source}, 200 << 10);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::kInvalid);
  CHECK(refused.error().message == "big.lua:1: too large to compile within 200 KB");
  CHECK_FALSE(compile({"big.lua", source}, 100).ok());
}

TEST_CASE(
    "The tag names the Lua release, the layout of its bytecode and the build's own encoding") {
  CHECK_THAT(std::string(lua_tag()), StartsWith("Lua 5.3."));
  CHECK_THAT(std::string(lua_tag()), Contains("-5300"));  // version and format
  CHECK(lua_tag().size() == std::string("Lua 5.3.6-53000408040808-0123456789abcdef").size());
}

}  // namespace sluice::sandbox
