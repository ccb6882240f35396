#include <catch2/catch.hpp>
#include <set>

#include "fixture.h"

namespace sluice::sandbox {

TEST_CASE("No invocation sees a trace of another") {
  // The first call reports what it found and leaves its traces; so must every later one find
  // nothing.
  struct Trace {
    const char* what;
    const char* source;
    const char* found;
  };
  const auto [what, source, found] = GENERATE(values<Trace>({
      {"a global", "function main() local seen = left left = 1 return seen end", "null"},
      {"an upvalue", "local n = 0 function main() n = n + 1 return n end", "1"},
      {"a table of the top level", "local t = {} function main() t[#t + 1] = 1 return #t end", "1"},
      {"a library table",
       "function main() local seen = string.left string.left = 1 return seen end", "null"},
      {"a library function",
       "function main() local seen = math.floor(1.5) math.floor = function() return 99 end return "
       "seen end",
       "1"},
      {"the string metatable",
       "function main() local mt = getmetatable('') local seen = mt.left mt.left = 1\n"
       "mt.__index = {} return seen end",
       "null"},
      {"the metatable of _G",
       "function main() local seen = getmetatable(_G) setmetatable(_G, {__index = print}) return "
       "seen == nil end",
       "true"},
      {"main itself", "function main() main = nil return 1 end", "1"},
      {"a suspended coroutine",
       "local c = coroutine.wrap(function() for i = 1, 10 do coroutine.yield(i) end end)\n"
       "function main() return c() end",
       "1"},
      {"the collector's settings",
       "function main() local seen = collectgarbage('setpause', 777) collectgarbage('stop') return "
       "seen end",
       "200"},
      {"the collector's being stopped",
       "function main() local seen = collectgarbage('isrunning') collectgarbage('stop') return "
       "seen end",
       "true"},
      {"memory",
       "local first function main() for i = 1, 1000 do local t = {i} end\n"
       "local c = collectgarbage('count') first = first or c return c == first end",
       "true"},
      {"the payload", "function main(args) local seen = args.left args.left = 1 return seen end",
       "null"},
  }));
  INFO(what);
  TestVm vm;
  const CodeRef code = vm.load(source);
  const CodeRef other = vm.load("function main() return {left, string.left, math.floor(1.5)} end");
  for (int round = 0; round < 5; ++round) {
    const Ended ended = vm.run(code);
    CHECK(ended.message == "");
    CHECK(ended.result == found);
    CHECK_FALSE(vm.run(other).outcome == Outcome::kSucceeded);  // holes: neither `left` is there
  }
}

TEST_CASE("An invocation that failed leaves no trace either") {
  TestVm vm;
  vm.memory_bytes = 1 << 20;
  const CodeRef code = vm.load(
      "local seen = 0\n"
      "function main(args)\n"
      "  seen = seen + 1\n"
      "  print(seen)\n"
      "  if args.how == 'error' then error('x') end\n"
      "  if args.how == 'memory' then local t = {} while true do t = {t} end end\n"
      "  if args.how == 'form' then return print end\n"
      "  if args.how == 'time' then while true do end end\n"
      "  return seen\n"
      "end");
  const Ticking ticking(vm.vm());
  for (const std::string how : {"error", "memory", "form", "time", "none"}) {
    vm.timeout = std::chrono::milliseconds(how == "time" ? 5 : 60'000);
    const Ended ended = vm.run(code, "{\"how\":\"" + how + "\"}");
    CHECK(ended.logs == "1\n");
    CHECK((ended.outcome == Outcome::kSucceeded) == (how == "none"));
    CHECK(ended.traceback.empty() == (how == "none" || how == "form"));
  }
}

TEST_CASE("Random numbers start anew, and differently, for each invocation") {
  TestVm vm;
  const CodeRef code =
      vm.load("math.randomseed(1) function main() return math.random(1 << 60) end");
  std::set<std::string> numbers;
  for (int round = 0; round < 100; ++round) numbers.insert(vm.run(code).result);
  CHECK(numbers.size() == 100);
}

TEST_CASE("Many actions in one Vm run in turn without disturbing each other") {
  TestVm vm;
  const CodeRef tables = vm.load(
      "local base = {} for i = 1, 200 do base[i] = {name = 'n' .. i} end\n"
      "function main(args)\n"
      "  local out = {}\n"
      "  for i = 1, args.n do out[i] = base[i % 200 + 1].name .. ':' .. i end\n"
      "  return table.concat(out, ','):len()\n"
      "end");
  const CodeRef closures = vm.load(
      "local function counter() local n = 0 return function() n = n + 1 return n end end\n"
      "local c = counter()\n"
      "function main(args) collectgarbage() for i = 1, args.n do c() end return c() end");
  const CodeRef coroutines = vm.load(
      "function main(args)\n"
      "  local sum = 0\n"
      "  for v in coroutine.wrap(function() for i = 1, args.n do coroutine.yield(i) end end) do\n"
      "    sum = sum + v if v % 50 == 0 then collectgarbage('step') end\n"
      "  end\n"
      "  return sum\n"
      "end");
  const std::string expected_tables = vm.run(tables, R"({"n":300})").result;
  bool same = true;
  for (int round = 0; round < 300; ++round) {
    same = same && vm.run(tables, R"({"n":300})").result == expected_tables;
    same = same && vm.run(closures, R"({"n":100})").result == "101";
    same = same && vm.run(coroutines, R"({"n":100})").result == "5050";
  }
  CHECK(same);
}

}  // namespace sluice::sandbox
