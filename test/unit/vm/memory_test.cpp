#include <catch2/catch.hpp>

#include "fixture.h"

namespace sluice::sandbox {

using Catch::Contains;

TEST_CASE("Endless allocation ends as out of memory") {
  TestVm vm;
  vm.memory_bytes = 4 << 20;
  const CodeRef good = vm.load("function main() return 1 end");
  const char* source = GENERATE(
      "function main() local t = {} while true do table.insert(t, 'x') end end",
      "function main() local s = 'x' while true do s = s .. s end end",
      "function main() local s = ('x'):rep(1 << 30) end",
      "function main() local t = {} while true do t = {t} end end",
      "function main() local t = {} while true do t[#t + 1] = coroutine.create(print) end end",
      "function main() coroutine.wrap(function() local t = {} while true do t = {t} end end)() end",
      "function main() local ok, e = coroutine.resume(coroutine.create(function()\n"
      "  local t = {} while true do t = {t} end end)) error(e) end",
      "function main() local ok, e = pcall(function() local t = {} while true do t = {t} end end)\n"
      "  error(e, 0) end",
      "local t = {} while true do t = {t} end",
      "function main() return table.concat({('x'):rep(2000000), ('y'):rep(2000000)}) end");
  INFO(source);
  const Ended ended = vm.run(source);
  CHECK(ended.outcome == Outcome::kOutOfMemory);
  CHECK(ended.message == "memory limit of 4096 KB exceeded");
  CHECK(ended.memory_peak_bytes <= vm.memory_bytes);
  CHECK(vm.run(good).result == "1");
}

TEST_CASE("Running out of memory says where") {
  TestVm vm;
  vm.memory_bytes = 1 << 20;
  const Ended ended = vm.run(
      "function main()\n"
      "  local t = {}\n"
      "  while true do\n"
      "    t = {t}\n"
      "  end\n"
      "end");
  CHECK(ended.outcome == Outcome::kOutOfMemory);
  CHECK_THAT(ended.traceback, Contains("test.lua:4: in function 'main'"));
}

TEST_CASE("A job that catches the memory error may go on") {
  TestVm vm;
  vm.memory_bytes = 4 << 20;
  const Ended ended = vm.run(
      "function main()\n"
      "  for i = 1, 20 do\n"
      "    local ok, e = pcall(function() local t = {} while true do t = {t} end end)\n"
      "    assert(not ok and e == 'not enough memory')\n"
      "  end\n"
      "  return ('x'):rep(1500000):len()\n"
      "end");
  CHECK(ended.message == "");
  CHECK(ended.result == "1500000");
  CHECK(ended.traceback == "");
  CHECK(ended.memory_peak_bytes > 3'000'000);
  CHECK(ended.memory_peak_bytes <= vm.memory_bytes);
}

TEST_CASE("Garbage makes room for strings as it does for tables") {
  TestVm vm;
  vm.memory_bytes = 4 << 20;
  // Without a collection in between, each round's strings would add up to far more than the limit.
  CHECK(vm.value("function main()\n"
                 "  collectgarbage('stop')\n"
                 "  local sum = 0\n"
                 "  for i = 1, 20 do\n"
                 "    sum = sum + #('x'):rep(1000000) + #('y'):rep(500000):upper()\n"
                 "    sum = sum + #table.concat({('a'):rep(400000), ('b'):rep(400000)})\n"
                 "  end\n"
                 "  return sum\n"
                 "end") == "46000000");
}

TEST_CASE("Garbage makes room for a buffer however large the stack is") {
  TestVm vm;
  vm.memory_bytes = 64 << 20;
  const std::string work =
      "local function work(...)\n"
      "  collectgarbage('stop')\n"
      "  local sum = 0\n"
      "  for i = 1, 10 do sum = sum + #('x'):rep(1000):rep(15000) end\n"
      "  return sum\n"
      "end\n";
  // 900,000 slots are more than can be added to this stack.
  CHECK(vm.value(work + "function main() return (work(table.unpack({}, 1, 500000))) end") ==
        "150000000");
  // And to this one, none: it is as large as it can be, and empty again.
  vm.memory_bytes = 96 << 20;
  CHECK(vm.value(work +
                 "local function down(n) if n > 0 then return 1 + down(n - 1) end return 0 end\n"
                 "function main() pcall(down, 1000000) return work() end") == "150000000");
}

TEST_CASE("Coroutines that resume one another survive that memory ends where their stack does") {
  TestVm vm;
  const Ticking ticking(vm.vm());
  const CodeRef good =
      vm.load("function main() return coroutine.wrap(function() return 1 end)() end");
  const CodeRef code = vm.load(
      "local function f() pcall(coroutine.wrap(f)) end function main() f() f() return 2 end");
  for (uint64_t first = 1; first < 3'000; first += 1 + first / 50) {
    vm.vm().run({code, {}, vm.timeout, vm.memory_bytes, {first, UINT64_MAX}});
    REQUIRE(vm.run(good).result == "1");
  }
}

TEST_CASE("An error that only says it is a memory error is not one") {
  TestVm vm;
  CHECK(vm.value("function main() error('not enough memory', 0) end") ==
        "failed: not enough memory");
}

TEST_CASE("The limit counts what the job requested, to the byte") {
  TestVm vm;
  const CodeRef code = vm.load("function main() return #('x'):rep(100000) end");
  CHECK(vm.run(code).result == "100000");
  const uint64_t peak = vm.run(code).memory_peak_bytes;
  CHECK(peak > 100'000);
  CHECK(peak < 240'000);
  // What it needed once is enough; a collection may make room for it with less.
  vm.memory_bytes = peak;
  CHECK(vm.run(code).result == "100000");
  vm.memory_bytes = 100'000;
  CHECK(vm.run(code).outcome == Outcome::kOutOfMemory);
}

TEST_CASE("The bare libraries are not charged to the job") {
  TestVm vm;
  vm.memory_bytes = 4096;
  const Ended ended = vm.run("function main() return 1 end");
  CHECK(ended.result == "1");
  CHECK(ended.memory_peak_bytes < 4096);
  vm.memory_bytes = 0;
  CHECK(vm.run("function main() return 1 end").outcome == Outcome::kOutOfMemory);
}

TEST_CASE("A limit above the Vm's is lowered to it") {
  TestVm vm({.max_memory_bytes = 1 << 20, .snapshot_cache_bytes = 1 << 20});
  vm.memory_bytes = 1 << 30;
  CHECK(vm.expression("#('x'):rep(1 << 21)").rfind("out_of_memory", 0) == 0);
}

TEST_CASE("What the top level keeps counts in every invocation") {
  TestVm vm;
  const CodeRef code = vm.load("local kept = ('x'):rep(1000000) function main() return #kept end");
  CHECK(vm.run(code).result == "1000000");
  CHECK(vm.run(code).memory_peak_bytes > 1'000'000);
  vm.memory_bytes = 500'000;
  CHECK(vm.run(code).outcome == Outcome::kOutOfMemory);
  vm.memory_bytes = 2'000'000;
  CHECK(vm.run(code).result == "1000000");
}

TEST_CASE("Deep recursion is an error, not a crash") {
  TestVm vm;
  vm.memory_bytes = 100 << 20;
  struct Case {
    const char* source;
    const char* message;
  };
  const auto [source, message] = GENERATE(values<Case>({
      {"local function f() return 1 + f() end function main() return f() end", "stack overflow"},
      {"function main() local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k)\n"
       "return t[k .. 'x'] end return t.x end",
       "C stack overflow"},
      {"local function f() return pcall(f) end function main() local ok, e = pcall(f) return f() "
       "end",
       ""},
      {"local function f() return (string.gsub('x', 'x', f)) end function main() return f() end",
       "C stack overflow"},
      {"local t t = setmetatable({}, {__tostring = function() return string.format('%s', t) end})\n"
       "function main() return tostring(t) end",
       "C stack overflow"},
      {"local function f() table.sort({1, 2, 3}, f) end function main() f() end",
       "C stack overflow"},
      {"local function f() return coroutine.wrap(f)() end function main() return f() end",
       "C stack overflow"},
      {"local t = setmetatable({}, {}) getmetatable(t).__concat = function(a, b) return a .. b "
       "end\n"
       "function main() return t .. t end",
       "C stack overflow"},
      {"local t = setmetatable({}, {}) getmetatable(t).__eq = function(a, b) return a == b end\n"
       "function main() return t == setmetatable({}, getmetatable(t)) end",
       "C stack overflow"},
      {"function main() return string.rep('(', 300):find(string.rep('(', 300)) end", ""},
      {"function main() return ('x'):rep(300000):match(('x?'):rep(300000)) end",
       "pattern too complex"},
      {"function main() local function f() error(f()) end return xpcall(f, f) end", ""},
  }));
  INFO(source);
  const Ended ended = vm.run(source);
  CHECK((ended.outcome == Outcome::kFailed || ended.outcome == Outcome::kSucceeded));
  CHECK_THAT(ended.message, Contains(message));
}

TEST_CASE("Memory that a large invocation used can be given back, and the Vm goes on") {
  TestVm vm;
  const CodeRef large = vm.load("function main() return #('x'):rep(7000000) end");
  const CodeRef wide = vm.load("function main() return ('x'):rep(900000) end");
  for (int round = 0; round < 3; ++round) {
    CHECK(vm.run(large).result == "7000000");
    CHECK(vm.run(wide, "[\"" + std::string(500'000, 'y') + "\"]").result.size() == 900'002);
    vm.vm().release_memory();
    vm.vm().release_memory();
  }
}

TEST_CASE("Snapshots are evicted when they are too many, and made again") {
  TestVm vm({.max_memory_bytes = 16 << 20, .snapshot_cache_bytes = 100 << 10});
  std::vector<CodeRef> codes;
  for (int i = 0; i < 20; ++i) {
    const std::string number = std::to_string(i);
    codes.push_back(vm.load("print('made') function main() return " + number + " end"));
  }
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 20; ++i) REQUIRE(vm.run(codes[i]).result == std::to_string(i));
  // The last one is still there, the first one is not.
  CHECK(vm.run(codes[19]).logs == "");
  CHECK(vm.run(codes[0]).logs == "made\n");
  CHECK(vm.run(codes[0]).logs == "");
  // One that is larger than all may be is made each time.
  const CodeRef large = vm.load("print('made') kept = ('x'):rep(200000) function main() end");
  CHECK(vm.run(large).logs == "made\n");
  CHECK(vm.run(large).logs == "made\n");
}

}  // namespace sluice::sandbox
