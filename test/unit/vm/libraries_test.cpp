#include <catch2/catch.hpp>

#include "fixture.h"

namespace sluice::sandbox {

using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("The globals are those of the allow list and no others") {
  TestVm vm;
  CHECK(vm.value("function main()\n"
                 "  local names = {}\n"
                 "  for name, value in pairs(_G) do\n"
                 "    if name ~= 'main' then names[#names + 1] = name end\n"
                 "  end\n"
                 "  table.sort(names)\n"
                 "  return table.concat(names, ' ')\n"
                 "end") ==
        "\"_G _VERSION array assert call collectgarbage coroutine error getmetatable ipairs math next "
        "null os "
        "pairs pcall print rawequal rawget rawlen rawset select setmetatable string table tonumber "
        "tostring type utf8 xpcall\"");
  const auto library = [&](const std::string& name) {
    return vm.value("function main() local names = {} for name in pairs(" + name +
                    ") do names[#names + 1] = name end\n"
                    "table.sort(names) return table.concat(names, ' ') end");
  };
  CHECK(library("os") == "\"clock date difftime time\"");
  CHECK(library("coroutine") == "\"create isyieldable resume running status wrap yield\"");
  CHECK(library("string") ==
        "\"byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack "
        "upper\"");
  CHECK(library("table") == "\"concat insert move pack remove sort unpack\"");
  CHECK(library("utf8") == "\"char charpattern codepoint codes len offset\"");
}

TEST_CASE("What loads code or reaches outside is not there") {
  TestVm vm;
  for (const std::string name : {"load", "loadstring", "loadfile", "dofile", "require", "package",
                                 "io", "debug", "string.dump", "os.execute", "os.exit", "os.getenv",
                                 "os.remove", "os.rename", "os.tmpname", "os.setlocale"})
    CHECK(vm.expression(name) == "null");
  CHECK(vm.expression("('x').dump") == "null");
}

TEST_CASE("Finalizers are refused, everything else of setmetatable is as in Lua") {
  TestVm vm;
  CHECK_THAT(vm.expression("setmetatable({}, {__gc = function() end})"),
             Contains("finalizers (__gc) are not supported"));
  CHECK_THAT(vm.expression("setmetatable({}, {__gc = false})"), Contains("finalizers"));
  // Added later it is never looked at.
  CHECK(vm.value("function main()\n"
                 "  local mt = {} setmetatable({}, mt) mt.__gc = function() ran = true end\n"
                 "  collectgarbage() return ran\n"
                 "end") == "null");
  CHECK_THAT(vm.expression("setmetatable(1, {})"),
             Contains("bad argument #1 to 'setmetatable' (table expected, got number)"));
  CHECK_THAT(vm.expression("setmetatable({})"), Contains("nil or table expected"));
  CHECK_THAT(vm.expression("setmetatable(setmetatable({}, {__metatable = 1}), {})"),
             Contains("cannot change a protected metatable"));
  CHECK(vm.expression("getmetatable(setmetatable({}, {__metatable = 1}))") == "1");
  CHECK(vm.expression("setmetatable({}, nil)") == "{}");
}

TEST_CASE("coroutine.resume and wrap behave as Lua's own") {
  TestVm vm;
  CHECK(vm.value("function main()\n"
                 "  local c = coroutine.create(function(a, b)\n"
                 "    local x, y = coroutine.yield(a + b, a * b)\n"
                 "    return x .. y, 'end'\n"
                 "  end)\n"
                 "  local out = table.pack(coroutine.resume(c, 2, 3))\n"
                 "  for _, v in ipairs({coroutine.resume(c, 'p', 'q')}) do out[#out + 1] = v end\n"
                 "  for _, v in ipairs({coroutine.resume(c)}) do out[#out + 1] = v end\n"
                 "  out[#out + 1] = coroutine.status(c)\n"
                 "  out.n = nil\n"
                 "  return out\n"
                 "end") ==
        R"([true,5,6,true,"pq","end",false,"cannot resume dead coroutine","dead"])");
  CHECK(vm.value("function main() local c c = coroutine.create(function() return "
                 "coroutine.resume(c) end)\n"
                 "return {select(2, coroutine.resume(c))} end") ==
        R"([false,"cannot resume non-suspended coroutine"])");
  CHECK(vm.expression("coroutine.wrap(function() error('oops') end)()") ==
        "failed: test.lua:1: test.lua:1: oops");
  CHECK(vm.expression("coroutine.wrap(function() error({}) end)()") ==
        "failed: (error object is a table value)");
  CHECK_THAT(vm.expression("coroutine.resume(1)"), Contains("coroutine expected"));
  CHECK_THAT(vm.expression("coroutine.wrap(1)"), Contains("function expected, got number"));
  CHECK_THAT(vm.expression("coroutine.yield(1)"), Contains("outside a coroutine"));
  CHECK(vm.expression("select(2, coroutine.running())") == "true");
  CHECK(vm.expression("coroutine.wrap(function() return select(2, coroutine.running()) end)()") ==
        "false");
  CHECK(vm.expression("coroutine.wrap(function(...) return select('#', ...) end)(nil, nil)") ==
        "2");
}

TEST_CASE("math.random has the arguments, results and errors of Lua 5.3's") {
  TestVm vm;
  CHECK(vm.value(
            "function main()\n"
            "  for i = 1, 10000 do\n"
            "    local r = math.random() assert(r >= 0 and r < 1 and math.type(r) == 'float')\n"
            "    local a = math.random(6) assert(a >= 1 and a <= 6 and math.type(a) == 'integer')\n"
            "    local b = math.random(-5, 5) assert(b >= -5 and b <= 5)\n"
            "  end\n"
            "  assert(math.random(7, 7) == 7)\n"
            "  math.random(0, math.maxinteger) math.random(math.mininteger, -1)\n"
            "  local seen = {} for i = 1, 1000 do seen[math.random(3)] = true end\n"
            "  return seen\n"
            "end") == "[true,true,true]");
  CHECK(vm.value(
            "function main()\n"
            "  math.randomseed(42) local a = {math.random(100), math.random(100), math.random()}\n"
            "  math.randomseed(42) local b = {math.random(100), math.random(100), math.random()}\n"
            "  math.randomseed(43) local c = {math.random(100), math.random(100), math.random()}\n"
            "  math.randomseed(0/0) math.randomseed(1e300) math.randomseed(math.mininteger)\n"
            "  return a[1] == b[1] and a[2] == b[2] and a[3] == b[3] and a[3] ~= c[3]\n"
            "end") == "true");
  CHECK_THAT(vm.expression("math.random(0)"), Contains("to 'random' (interval is empty)"));
  CHECK_THAT(vm.expression("math.random(2, 1)"), Contains("#2 to 'random' (interval is empty)"));
  CHECK_THAT(vm.expression("math.random(math.mininteger, math.maxinteger)"),
             Contains("#2 to 'random' (interval too large)"));
  CHECK_THAT(vm.expression("math.random(1, 2, 3)"), Contains("wrong number of arguments"));
  CHECK_THAT(vm.expression("math.random('x')"), Contains("number expected, got string"));
  CHECK_THAT(vm.expression("math.random(1.5)"), Contains("no integer representation"));
  CHECK_THAT(vm.expression("math.randomseed()"), Contains("number expected, got no value"));
}

TEST_CASE("null stands for JSON's null and says its name") {
  TestVm vm;
  CHECK(vm.expression("{tostring(null), type(null), null == null, null == nil, null}") ==
        R"(["null","userdata",true,false,null])");
  CHECK_THAT(vm.expression("null.x"), Contains("attempt to index"));
  CHECK(vm.expression("getmetatable(null)") == R"("null")");
}

TEST_CASE("array marks a table") {
  TestVm vm;
  CHECK(vm.expression("array()") == "[]");
  CHECK(vm.expression("array({})") == "[]");
  CHECK(vm.expression("array(array({1, 2}))") == "[1,2]");
  CHECK(vm.expression("getmetatable(array())") == R"("array")");
  CHECK(vm.value("function main() local t = {} local u = array(t) return t == u end") == "true");
  CHECK_THAT(vm.expression("array(1)"), Contains("table expected, got number"));
  CHECK_THAT(vm.expression("array(setmetatable({}, {}))"), Contains("cannot be marked"));
  CHECK_THAT(vm.expression("setmetatable(array(), {})"), Contains("protected metatable"));
}

TEST_CASE("Objects are shown by a number, not by an address") {
  TestVm vm;
  CHECK(vm.value("function main()\n"
                 "  local t, u = {}, {}\n"
                 "  return {tostring(t), tostring(u), tostring(t), tostring(main), t == u}\n"
                 "end") == R"(["table: 1","table: 2","table: 1","function: 3",false])");
  CHECK(vm.run("function main() print({}, print, coroutine.create(print)) end").logs ==
        "table: 1\tfunction: 2\tthread: 3\n");
  CHECK(vm.expression("string.format('%5s|%-9s|%.3s|%%s', 'x', {}, {})") ==
        R"("    x|table: 1 |tab|%s")");
  CHECK(vm.expression("tostring(setmetatable({}, {__name = 'Mine'}))") == R"("Mine: 1")");
  CHECK(vm.expression("tostring(setmetatable({}, {__name = 1}))") == R"("table: 1")");
  CHECK(vm.expression("string.format('%s', setmetatable({}, {__tostring = function() return 'mine' "
                      "end}))") == R"("mine")");
  CHECK(vm.expression("tostring(1.0) .. tostring(nil) .. tostring(true) .. tostring('x')") ==
        R"("1.0niltruex")");
  CHECK_THAT(vm.expression("tostring()"), Contains("value expected"));
}

TEST_CASE("What goes with other conversions of string.format is left to Lua") {
  TestVm vm;
  CHECK_THAT(vm.expression("string.format('%d', {})"), Contains("number expected, got table"));
  CHECK_THAT(vm.expression("string.format('%q', {})"), Contains("no literal form"));
  CHECK_THAT(vm.expression("string.format('%s %s', {})"), Contains("#3"));
  CHECK_THAT(vm.expression("string.format('%', {})"), Contains("invalid option"));
  CHECK_THAT(vm.expression("string.format({}, {})"), Contains("string expected, got table"));
  CHECK(vm.expression("string.format('plain', {})") == R"("plain")");
}

TEST_CASE("Of os, the clock can be read") {
  TestVm vm;
  CHECK(vm.expression("os.time({year = 2024, month = 2, day = 29, hour = 12}) > 1700000000") ==
        "true");
  CHECK(vm.expression("type(os.date('*t').year)") == R"("number")");
  CHECK(vm.expression("os.date('!%Y-%m-%dT%H:%M:%S', 0)") == R"("1970-01-01T00:00:00")");
  CHECK(vm.expression("os.difftime(5, 3)") == "2.0");
  CHECK(vm.expression("os.clock() >= 0") == "true");
  // Of the invocation, not of the process that runs many.
  CHECK(vm.value("function main()\n"
                 "  local until_ = os.clock() + 0.03\n"
                 "  while os.clock() < until_ do end\n"
                 "  local now = os.clock()\n"
                 "  return now >= 0.03 and now * 1000 % 1 < 1e-6 or 1 - now * 1000 % 1 < 1e-6\n"
                 "end") == "true");
  CHECK(vm.value(
            "local first = os.clock() function main() return first < 60 and os.clock() < 60 end") ==
        "true");
}

}  // namespace sluice::sandbox
