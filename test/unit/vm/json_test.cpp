#include <catch2/catch.hpp>

#include "fixture.h"
#include "sandbox/limits.h"

namespace sluice::sandbox {

using Catch::StartsWith;

namespace {

std::string repeated(const std::string& text, size_t times) {
  std::string result;
  for (size_t i = 0; i < times; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("return args gives back exactly what came") {
  TestVm vm;
  const CodeRef code = vm.load("function main(args) return args end");
  const std::string text = GENERATE(values<std::string>({
      // kinds
      "null",
      "true",
      "false",
      "0",
      R"("")",
      "{}",
      "[]",
      "[[]]",
      "[{}]",
      R"({"a":{}})",
      R"({"a":[]})",
      // integers
      "1",
      "-1",
      "9223372036854775807",
      "-9223372036854775808",
      "9007199254740993",
      // binary64
      "1.0",
      "-0.0",
      "0.1",
      "1.5",
      "3.141592653589793",
      "1.7976931348623157e+308",
      "5e-324",
      "2.2250738585072014e-308",
      "1e+23",
      "9007199254740992.0",
      "123456789012345680.0",
      "0.30000000000000004",
      "1e-07",
      // strings
      R"("plain")",
      R"("\"\\\b\f\n\r\t")",
      R"("\u0000\u001f")",
      R"("a\u0000b")",
      "\"\x7f/\"",
      R"("é ü ß € 😀")",
      "\"\xE2\x80\xA8\"",
      R"("1")",
      // order and nulls in arrays
      "[3,1,2]",
      "[null]",
      "[1,null,3]",
      "[null,null]",
      R"([1,2.0,"3",true,null,[],{}])",
      "[[1,[2,[3,[]]]],{}]",
      // keys in order of their bytes
      R"({"":1,"A":2,"a":3,"b":{"c":[{"d":4}]},"é":5})",
      R"({"1":"x","2":"y"})",
      R"({"\u0000":1,"\"":2})",
  }));
  INFO(text);
  CHECK(vm.run(code, text).result == text);
}

TEST_CASE("The deepest payload comes back, and so does a large one") {
  TestVm vm;
  const CodeRef code = vm.load("function main(args) return args end");
  const std::string deep = std::string(64, '[') + std::string(64, ']');
  CHECK(vm.run(code, deep).result == deep);
  const std::string objects = repeated(R"({"k":)", 63) + "{}" + std::string(63, '}');
  CHECK(vm.run(code, objects).result == objects);
  const std::string large = "[" + repeated("1234567,", 100'000) + "0]";
  CHECK(vm.run(code, large).result == large);
  const std::string text = "\"" + std::string(1'000'000, 'x') + "\"";
  CHECK(vm.run(code, text).result == text);
  CHECK(vm.run(code, "[]").result == "[]");
}

TEST_CASE("What JSON leaves open is settled") {
  TestVm vm;
  const CodeRef code = vm.load("function main(args) return args end");
  struct Case {
    const char* in;
    const char* out;
  };
  const auto [in, out] = GENERATE(values<Case>({
      {R"({"b":1,"a":2})", R"({"a":2,"b":1})"},
      {R"({"a":null,"b":1})", R"({"b":1})"},  // null in an object reads as nil
      {R"({"a":1,"a":2})", R"({"a":2})"},     // the last of equal keys
      {"1e2", "100.0"},
      {"1E400", ""},
      {"-0", "0"},
      {R"("\u00e9\ud83d\ude00\/")", R"("é😀/")"},
      {" [ 1 , 2 ] ", "[1,2]"},
      {"0.1000000000000000055511151231257827", "0.1"},
  }));
  INFO(in);
  CHECK(vm.run(code, in).result == out);
}

TEST_CASE("Lua values become JSON") {
  TestVm vm;
  struct Case {
    const char* expression;
    const char* json;
  };
  const auto [expression, json] = GENERATE(values<Case>({
      {"{}", "{}"},
      {"{1, 2, 3}", "[1,2,3]"},
      {"{a = 1, B = 2, b = {}}", R"({"B":2,"a":1,"b":{}})"},
      {"{[1.0] = 'x', [2] = 'y'}", R"(["x","y"])"},
      {"{n = nil, [1] = nil}", "{}"},
      {"{{}, array(), null}", "[{},[],null]"},
      {"2^53", "9007199254740992.0"},
      {"1e15", "1e+15"},
      {"1e100", "1e+100"},
      {"10 // 3", "3"},
      {"10 / 2", "5.0"},
      {"-0.0", "-0.0"},
      {"math.mininteger", "-9223372036854775808"},
      {"'\\0\\1\\x7f'", "\"\\u0000\\u0001\x7f\""},
      {"setmetatable({a = 1}, {__index = {b = 2}, __pairs = error, __len = error})", R"({"a":1})"},
      {"setmetatable({1}, {__index = error, __len = function() return 5 end})", "[1]"},
      {"setmetatable({}, {__tojson = error, __tostring = error})", "{}"},
      {"(function() local t = {} for i = 1, 100 do t[i] = i end for i = 100, 4, -1 do t[i] = nil "
       "end return t end)()",
       "[1,2,3]"},
      {"(function() local shared = {1} return {shared, shared} end)()", "[[1],[1]]"},
  }));
  INFO(expression);
  CHECK(vm.expression(expression) == json);
}

TEST_CASE("A value without a JSON form says where it is") {
  TestVm vm;
  struct Case {
    const char* body;
    const char* message;
  };
  const auto [body, message] = GENERATE(values<Case>({
      {"return print", "result: a function has no JSON form"},
      {"return {items = {1, 2, {price = 0/0}}}", "result.items[3].price: NaN has no JSON form"},
      {"return {a = {['b c'] = -1/0}}", "result.a[\"b c\"]: infinity has no JSON form"},
      {"return 1/0", "result: infinity has no JSON form"},
      {"return {coroutine.create(print)}", "result[1]: a coroutine has no JSON form"},
      {"local t = {} t.x = {y = t} return t",
       "result.x.y: a table that contains itself has no JSON form"},
      {"local t = {} t[1] = t return t",
       "result[1]: a table that contains itself has no JSON form"},
      {"return {x = {1, 2, a = 3}}",
       "result.x: a table with both indices and strings as keys has no JSON form"},
      {"return {x = {a = 3, [1] = 1}}",
       "result.x: a table with both indices and strings as keys has no JSON form"},
      {"local t = array() t.a = 1 return {t}",
       "result[1]: a table with both indices and strings as keys has no JSON form"},
      {"return {1, nil, 3}",
       "result[2]: an array with holes has no JSON form; put `null` where nothing is"},
      {"return {[2] = 1}",
       "result[1]: an array with holes has no JSON form; put `null` where nothing is"},
      {"return {a = {[1] = 1, [1000000] = 2}}",
       "result.a[2]: an array with holes has no JSON form; put `null` where nothing is"},
      {"return {[0] = 1}", "result: an array begins at index 1: lower indices have no JSON form"},
      {"return {[-1] = 1, 1}",
       "result: an array begins at index 1: lower indices have no JSON form"},
      {"return {[1.5] = 1}", "result: a number that is no index cannot be a key in JSON"},
      {"return {[true] = 1}", "result: a boolean cannot be a key in JSON"},
      {"return {[{}] = 1}", "result: a key that is neither a string nor an index has no JSON form"},
      {"return {x = '\\xff'}", "result.x: a string that is not UTF-8 has no JSON form"},
      {"return {x = 'ok\\xc3'}", "result.x: a string that is not UTF-8 has no JSON form"},
      {"return {['\\xff'] = 1}",
       "result[\"\xEF\xBF\xBD\"]: a string that is not UTF-8 has no JSON form"},
      {"return {x = '\\xed\\xa0\\x80'}", "result.x: a string that is not UTF-8 has no JSON form"},
      {"return ('x'):rep(1048575)", "result: longer than 1048576 bytes as JSON"},
      {"local t = {} for i = 1, 600000 do t[i] = 1 end return t",
       "result: longer than 1048576 bytes as JSON"},
      {"local t = {} for i = 1, 300000 do t['' .. i] = 1 end return t",
       "result: longer than 1048576 bytes as JSON"},
  }));
  INFO(body);
  vm.memory_bytes = 64 << 20;
  CHECK(vm.value("function main() " + std::string(body) + " end") ==
        "failed: " + std::string(message));
}

TEST_CASE("A result may be 64 tables deep, and 1 MiB long") {
  TestVm vm;
  const auto nested = [&](int depth) {
    return vm.value("function main() local t = {} for i = 2, " + std::to_string(depth) +
                    " do t = {t} end return t end");
  };
  CHECK(nested(64) == std::string(63, '[') + "{}" + std::string(63, ']'));
  CHECK_THAT(nested(65), StartsWith("failed: result[1][1]"));
  CHECK(vm.expression("('x'):rep(1048574)").size() == kMaxResultBytes);
}

TEST_CASE("Keys that hold more than the result may still be sorted") {
  TestVm vm;
  const std::string json = vm.value(
      "function main() local t = {} for i = 10000, 99999 do t['k' .. i] = 1 end return t end");
  REQUIRE(json.size() > 800'000);
  CHECK_THAT(json, StartsWith(R"({"k10000":1,"k10001":1,)"));
}

TEST_CASE("A result that memory cannot hold while it is written is out of memory") {
  TestVm vm;
  const CodeRef code = vm.load(
      "local t = {} for i = 1, 20000 do t[('%05d'):format(i)] = 1 end\n"
      "function main() return t end");
  CHECK(vm.run(code).outcome == Outcome::kSucceeded);
  const uint64_t peak = vm.run(code).memory_peak_bytes;
  vm.memory_bytes = peak - 1000;
  CHECK(vm.run(code).outcome == Outcome::kOutOfMemory);
}

TEST_CASE("The memory limit holds while the payload is read") {
  TestVm vm;
  vm.memory_bytes = 100'000;
  const CodeRef code = vm.load("function main(args) return 1 end");
  CHECK(vm.run(code, "[" + repeated("[],", 10'000) + "0]").outcome == Outcome::kOutOfMemory);
  CHECK(vm.run(code, "[]").result == "1");
}

}  // namespace sluice::sandbox
