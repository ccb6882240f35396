#include <catch2/catch.hpp>

#include "fixture.h"
#include "sandbox/limits.h"

namespace sluice::sandbox {

using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

TEST_CASE("main gets the payload and its result comes back as JSON") {
  TestVm vm;
  CHECK(vm.value("function main(args) return 'Hello ' .. args.name end", R"({"name":"Ada"})") ==
        R"("Hello Ada")");
  CHECK(vm.expression("args", "17") == "17");
  CHECK(vm.expression("args") == "{}");  // no payload: an empty table
  CHECK(vm.expression("type(args)") == R"("table")");
  CHECK(vm.value("function main() end") == "null");
  CHECK(vm.expression("1, 2, 3") == "1");
}

TEST_CASE("An action runs again and again from its snapshot") {
  TestVm vm;
  const CodeRef code = vm.load("local n = 0 function main(args) n = n + args.by return n end");
  for (int round = 0; round < 1000; ++round) REQUIRE(vm.run(code, R"({"by":3})").result == "3");
}

TEST_CASE("The top level runs once, and what it prints belongs to that invocation") {
  TestVm vm;
  const CodeRef code = vm.load("print('loading') function main() print('running') end");
  CHECK(vm.run(code).logs == "loading\nrunning\n");
  CHECK(vm.run(code).logs == "running\n");
}

TEST_CASE("An unknown ref is the platform's failure") {
  TestVm vm;
  const Ended ended = vm.run(CodeRef{99});
  CHECK(ended.outcome == Outcome::kPlatform);
  CHECK(ended.message == "the sandbox does not know this code: 99");
  CHECK(ended.memory_peak_bytes == 0);
  const CodeRef code = vm.load("function main() end");
  vm.vm().unload(code);
  CHECK(vm.run(code).outcome == Outcome::kPlatform);
}

TEST_CASE("A ref that is loaded again runs the new code") {
  TestVm vm;
  const CodeRef code = vm.load("function main() return 1 end");
  CHECK(vm.run(code).result == "1");
  vm.vm().load(code, "test.lua", bytecode_of("function main() return 2 end"));
  CHECK(vm.run(code).result == "2");
}

TEST_CASE("A payload that is no JSON is the platform's failure, since the door checks it") {
  TestVm vm;
  const CodeRef code = vm.load("function main() return 1 end");
  std::string deep(65, '[');
  deep += std::string(65, ']');
  for (const std::string& payload :
       {std::string("{"), std::string("[1,]"), std::string("18446744073709551615"),
        std::string("1e999"), std::string("\"\xff\""), std::string("nul"), std::string(" "),
        deep}) {
    INFO(payload);
    const Ended ended = vm.run(code, payload);
    CHECK(ended.outcome == Outcome::kPlatform);
    CHECK_THAT(ended.message, StartsWith("the payload is not valid JSON: "));
  }
  CHECK(vm.run(code).result == "1");
}

TEST_CASE("What is not this Lua's bytecode is bad bytecode") {
  TestVm vm;
  const std::string good = bytecode_of("function main() end");
  for (const std::string& bytes :
       {std::string(), std::string("function main() end"), good.substr(0, 20),
        good.substr(0, good.size() - 1), std::string("\x1bLua\x54", 5) + good.substr(5)}) {
    vm.vm().load(1, "test.lua", bytes);
    const Ended ended = vm.run(CodeRef{1});
    CHECK(ended.outcome == Outcome::kBadBytecode);
    CHECK_FALSE(ended.message.empty());
  }
}

TEST_CASE("An error of the top level is told apart from one of main, and is not remembered") {
  TestVm vm;
  const CodeRef code = vm.load("print('here')\nlocal x = nil + 1\nfunction main() end");
  for (int round = 0; round < 2; ++round) {
    const Ended ended = vm.run(code);
    CHECK(ended.outcome == Outcome::kTopLevelFailed);
    CHECK(ended.message == "test.lua:2: attempt to perform arithmetic on a nil value");
    CHECK(ended.traceback == "stack traceback:\n\ttest.lua:2: in main chunk");
    CHECK(ended.logs == "here\n");
  }
}

TEST_CASE("A file without a function main says so") {
  TestVm vm;
  CHECK(vm.value("local function main() end") == "no_main: test.lua defines no function 'main'");
  CHECK(vm.value("main = {}") ==
        "no_main: test.lua defines no function 'main': it is a table value");
  CHECK(vm.value("setmetatable(_G, {__index = function() return print end})") ==
        "no_main: test.lua defines no function 'main'");
}

TEST_CASE("An error of main comes with file, line and traceback") {
  TestVm vm;
  const Ended ended = vm.run(
      "local function inner(t)\n"
      "  return t.x.y\n"
      "end\n"
      "function outer(t)\n"
      "  local value = inner(t)\n"
      "  return value\n"
      "end\n"
      "function main(args)\n"
      "  local value = outer(args)\n"
      "  return value\n"
      "end\n");
  CHECK(ended.outcome == Outcome::kFailed);
  CHECK(ended.message == "test.lua:2: attempt to index a nil value (field 'x')");
  CHECK(ended.traceback ==
        "stack traceback:\n"
        "\ttest.lua:2: in upvalue 'inner'\n"
        "\ttest.lua:5: in function 'outer'\n"
        "\ttest.lua:9: in function 'main'");
  CHECK(ended.result.empty());
}

TEST_CASE("Error values that are no strings get a readable form") {
  TestVm vm;
  const auto raised = [&](const std::string& value) {
    return vm.value("function main() error(" + value + ") end");
  };
  CHECK(raised("{code = 1}") == "failed: (error object is a table value)");
  CHECK(raised("nil") == "failed: (error object is a nil value)");
  CHECK(raised("true") == "failed: (error object is a boolean value)");
  CHECK(raised("42") == "failed: 42");
  CHECK(raised("'plain', 0") == "failed: plain");
  CHECK(raised("setmetatable({}, {__tostring = function() return 'mine' end})") == "failed: mine");
  CHECK(raised("setmetatable({}, {__tostring = function() return {} end})") ==
        "failed: (error object is a table value)");
  CHECK(raised("setmetatable({}, {__tostring = function() error('again') end})") ==
        "failed: (error object without a readable form)");
}

TEST_CASE("Messages, tracebacks and logs are bounded and valid UTF-8") {
  TestVm vm;
  const Ended ended = vm.run(
      "function main()\n"
      "  for i = 1, 10000 do print(('é'):rep(20)) end\n"
      "  print('\\xff')\n"
      "  error(('ü'):rep(10000), 0)\n"
      "end");
  CHECK(ended.outcome == Outcome::kFailed);
  CHECK(ended.message.size() <= kMaxMessageBytes);
  CHECK(ended.message.size() > kMaxMessageBytes - 20);
  CHECK_THAT(ended.message, EndsWith("ü… (cut)"));
  CHECK(ended.logs.size() <= kMaxLogBytes);
  CHECK(ended.logs.size() > kMaxLogBytes - 20);
  CHECK_THAT(ended.logs, EndsWith("… (cut)"));
  CHECK(vm.value("function main() error('a\\xffb\\xc3', 0) end") ==
        "failed: a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD");
  CHECK(vm.run("function main() print('\\xed\\xa0\\x80', 'ok') end").logs ==
        "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\tok\n");
}

TEST_CASE("A traceback of a deep stack shows its two ends") {
  TestVm vm;
  const Ended ended = vm.run(
      "local function down(n) if n == 0 then error('deep') end down(n - 1) return 1 end\n"
      "function main() down(1000) return 1 end");
  CHECK_THAT(ended.traceback, Contains("\n\t...\n"));
  CHECK_THAT(ended.traceback, EndsWith("in function 'main'"));
  CHECK(ended.traceback.size() < kMaxTracebackBytes);
}

TEST_CASE(
    "A traceback of a very deep stack shows where it ends, without walking to its beginning") {
  TestVm vm;
  vm.memory_bytes = 100 << 20;
  const Ended ended = vm.run(
      "local function down(n) return 1 + down(n + 1) end\n"
      "function main() return down(1) end");
  CHECK_THAT(ended.message, Contains("stack overflow"));
  CHECK_THAT(ended.traceback, Contains("test.lua:1: in upvalue 'down'"));
  CHECK_THAT(ended.traceback, EndsWith("\n\t..."));
}

TEST_CASE("print writes as Lua's own does") {
  TestVm vm;
  const Ended ended = vm.run(
      "function main()\n"
      "  print(1, 2.0, 'x', nil, true)\n"
      "  print()\n"
      "  print(setmetatable({}, {__tostring = function() return 'mine' end}), null)\n"
      "end");
  CHECK(ended.logs == "1\t2.0\tx\tnil\ttrue\n\nmine\tnull\n");
}

}  // namespace sluice::sandbox
