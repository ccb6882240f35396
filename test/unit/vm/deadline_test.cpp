#include <catch2/catch.hpp>

#include "fixture.h"

namespace sluice::sandbox {

using Catch::Contains;

namespace {

// Each would run for ever.
struct Endless {
  const char* name;
  const char* source;
};

const Endless kEndless[] = {
    {"a loop", "function main() while true do end end"},
    {"a loop under pcall",
     "function main() while true do pcall(function() while true do end end) end end"},
    {"a loop under xpcall whose handler loops",
     "function main() xpcall(function() while true do end end, function() while true do end end) "
     "end"},
    {"a handler that loops", "function main() xpcall(error, function() while true do end end) end"},
    {"a loop in a coroutine",
     "function main() coroutine.resume(coroutine.create(function() while true do end end)) end"},
    {"a loop in a wrapped coroutine under pcall",
     "function main() while true do pcall(coroutine.wrap(function() while true do end end)) end "
     "end"},
    {"a loop in a coroutine in a coroutine",
     "function main() local function spin() while true do end end\n"
     "coroutine.wrap(function() coroutine.wrap(function() pcall(spin) end)() end)() end"},
    {"coroutines that yield for ever",
     "function main() local c = coroutine.wrap(function() while true do coroutine.yield() end "
     "end)\n"
     "while true do c() end end"},
    {"coroutines that are made for ever",
     "function main() while true do coroutine.wrap(function() end)() end end"},
    {"calls for ever", "local function f() return f() end function main() return f() end"},
    {"a sort that never decides",
     "function main() local t = {} for i = 1, 100 do t[i] = i end\n"
     "table.sort(t, function() while true do end end) end"},
    {"a gsub callback that never returns",
     "function main() string.gsub('x', 'x', function() while true do end end) end"},
    {"a metamethod that never returns",
     "function main() return setmetatable({}, {__index = function() while true do end end}).x end"},
    {"an error object that never gets its text",
     "function main() error(setmetatable({}, {__tostring = function() while true do end end})) "
     "end"},
    {"a top level that loops", "while true do end"},
    {"a top level that loops under pcall",
     "while true do pcall(function() while true do end end) end"},
    {"a goto", "function main() ::again:: goto again end"},
    {"garbage for ever", "function main() while true do local t = {} end end"},
};

}  // namespace

TEST_CASE("Whatever Lua code does, its deadline ends it") {
  TestVm vm;
  const CodeRef good = vm.load("function main() return 1 end");
  const Ticking ticking(vm.vm());
  for (const Endless& endless : kEndless) {
    DYNAMIC_SECTION(endless.name) {
      vm.timeout = std::chrono::milliseconds(10);
      const CodeRef code = vm.load(endless.source);
      for (int round = 0; round < 3; ++round) {
        const Ended ended = vm.run(code);
        CHECK(ended.outcome == Outcome::kTimedOut);
        CHECK(ended.message == "timed out after 10 ms");
        CHECK(ended.result.empty());
      }
      vm.timeout = std::chrono::minutes(1);
      CHECK(vm.run(good).result == "1");
    }
  }
}

TEST_CASE("A time-out says where the code was") {
  TestVm vm;
  vm.timeout = std::chrono::milliseconds(10);
  const Ticking ticking(vm.vm());
  const Ended ended = vm.run(
      "local function spin()\n"
      "  while true do end\n"
      "end\n"
      "function main()\n"
      "  print('before')\n"
      "  coroutine.wrap(function() spin() return 1 end)()\n"
      "end");
  CHECK(ended.outcome == Outcome::kTimedOut);
  CHECK_THAT(ended.traceback, Contains("test.lua:2: in upvalue 'spin'"));
  CHECK_THAT(ended.traceback, Contains("test.lua:6: in function 'main'"));
  CHECK(ended.logs == "before\n");
}

TEST_CASE("A tick before the deadline, or outside of an invocation, changes nothing") {
  TestVm vm;
  CHECK_FALSE(vm.vm().tick());
  const Ticking ticking(vm.vm());
  // Long enough to be ticked while it runs.
  CHECK(vm.expression(
            "(function() local n = 0 for i = 1, 3000000 do n = n + 1 end return n end)()") ==
        "3000000");
  CHECK_FALSE(vm.vm().tick());
}

TEST_CASE("A result that takes too long to write is a time-out too") {
  TestVm vm;
  vm.memory_bytes = 64 << 20;
  vm.timeout = std::chrono::milliseconds(20);
  const Ticking ticking(vm.vm());
  // Each of many references is to a table whose million empty slots must be walked.
  const Ended ended = vm.run(
      "local wide = {} for i = 1, 1000000 do wide[i] = true end\n"
      "for i = 1, 1000000 do wide[i] = nil end\n"
      "local t = {} for i = 1, 200000 do t[i] = wide end\n"
      "function main() return t end");
  CHECK(ended.outcome == Outcome::kTimedOut);
}

}  // namespace sluice::sandbox
