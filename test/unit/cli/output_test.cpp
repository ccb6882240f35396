#include "cli/output.h"

#include <catch2/catch.hpp>

#include "world_for_test.h"

using namespace sluice::cli;
using namespace sluice::cli::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

Ran result_of(const std::string& body, bool terminal, const std::vector<std::string>& more = {}) {
  Machine machine;
  machine.server.answers = {response(200, body)};
  machine.out_is_terminal = machine.err_is_terminal = terminal;
  std::vector<std::string> words = {"run", "x", "-b"};
  words.insert(words.end(), more.begin(), more.end());
  return machine.run(words);
}

Ran failure_of(Machine machine, const std::vector<std::string>& words = {"run", "x", "-b"}) {
  machine.server.answers = {
      response(500, R"({"err":7,"message":"too \"much\"","InvocationId":"id-1"})")};
  return machine.run(words);
}

}  // namespace

TEST_CASE("on a terminal JSON is laid out, in a pipe it is one line") {
  CHECK(result_of(R"({"a":[1,2]})", true).out == "{\n  \"a\": [\n    1,\n    2\n  ]\n}\n");
  CHECK(result_of("{ \"a\" : [1, 2] }", false).out == "{\"a\":[1,2]}\n");
  CHECK(result_of("12345678901234567890.0", true).out == "12345678901234567890.0\n");
}

TEST_CASE("with -o json there is JSON for everything, and standard error is clean") {
  for (const bool terminal : {true, false}) {
    const Ran ran = result_of(R"("Hello")", terminal, {"-o", "json"});
    CHECK(ran.out == "\"Hello\"\n");
    CHECK(ran.err.empty());
  }
  CHECK(result_of("[1]", true, {"-o", "json"}).out == "[\n  1\n]\n");
  CHECK(result_of("[1]", false, {"-o", "json"}).out == "[1]\n");
}

TEST_CASE("with -o text there is in a pipe what a person would see, without colour") {
  CHECK(result_of("[1]", false, {"-o", "text"}).out == "[\n  1\n]\n");
  Machine machine;
  machine.server.answers = {response(200, R"([{"maxmem":1,"name":"a","size":2,"timeout":3}])")};
  CHECK_THAT(machine.run({"list", "-o", "text"}).out, StartsWith("NAME"));
}

TEST_CASE("the level is coloured only on a terminal, and not with NO_COLOR") {
  Machine machine;
  CHECK_THAT(failure_of(machine).err, StartsWith("error: "));
  machine.err_is_terminal = true;
  CHECK_THAT(failure_of(machine).err, StartsWith("\x1b[31merror\x1b[39m: "));
  CHECK_THAT(result_of("1", true).err, StartsWith("\x1b[32minfo\x1b[39m: Operation successful"));
  machine.environment["NO_COLOR"] = "1";
  CHECK_THAT(failure_of(machine).err, StartsWith("error: "));
}

TEST_CASE("an error under -o json is one JSON object on standard error") {
  const Ran ran = failure_of({}, {"run", "x", "-b", "-o", "json"});
  CHECK(ran.exit == 1);
  CHECK(ran.out.empty());
  CHECK(
      ran.err ==
      R"({"error":{"message":"too \"much\"","headline":"Error: Request failed with status code 500",)"
      R"("exit":1,"status":500,"err":7,"InvocationId":"id-1"}})"
      "\n");
}

TEST_CASE("a command line that cannot be read still gets its errors as JSON") {
  Machine machine;
  for (const std::vector<std::string>& words : {std::vector<std::string>{"-o", "json", "dance"},
                                                {"run", "-o", "json"},
                                                {"run", "-ojson"},
                                                {"list", "--output=json", "--loud"}}) {
    const Ran ran = machine.run(words);
    CHECK(ran.exit == 2);
    CHECK_THAT(ran.err, StartsWith("{\"error\":{\"message\":\""));
  }
}

TEST_CASE("what an action returns cannot drive the terminal") {
  const std::string evil = R"("a\u001b[2Jb\u009bc\td\ne\u0000f\u007f")";
  CHECK(result_of(evil, true).out == "a\\x1b[2Jb\\x9bc\td\ne\\x00f\\x7f\n");
  // A pipe gets the characters themselves.
  CHECK(result_of(evil, false).out == std::string("a\x1b[2Jb\xC2\x9b"
                                                  "c\td\ne\0f\x7f\n",
                                                  17));
}

TEST_CASE("what a server says in an error cannot drive the terminal") {
  Machine machine;
  machine.server.answers = {response(400, "bad\x1b]0;title\x07 name")};
  CHECK_THAT(machine.run({"run", "x"}).err, Contains("bad\\x1b]0;title\\x07 name"));
}

TEST_CASE("a table is aligned by characters and has no trailing space") {
  CHECK(table({{"A"}, {"B", true}, {"C"}}, {{"é", "1", "x"}, {"long", "22", ""}}) ==
        "A      B  C\n"
        "é      1  x\n"
        "long  22\n");
}

TEST_CASE("a record keeps empty parts, lists and missing values visible") {
  CHECK(fields(*JsonView::of(R"({"a":null,"bcd":[1, 2],"e":{},"f":"","g":true})")) ==
        "a    -\n"
        "bcd  [1,2]\n"
        "e    {}\n"
        "f    \n"
        "g    true\n");
}

TEST_CASE("a record's own members are taken apart, the user's JSON is left whole") {
  const auto record =
      *JsonView::of(R"({"limits":{"timeout":5},"result":{"a": 1},"payload":"x\ny"})");
  CHECK(fields(record, {"result", "payload"}) ==
        "limits.timeout  5\n"
        "result          {\"a\":1}\n"
        "payload         \"x\\ny\"\n");
}

TEST_CASE("an output that cannot be written is an error") {
  std::ostringstream err;
  std::ostream broken(nullptr);
  Output output({.out = broken, .err = err}, Format::kAuto);
  output.result("1");
  CHECK_FALSE(output.delivered());
}
