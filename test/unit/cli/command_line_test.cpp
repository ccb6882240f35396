#include <catch2/catch.hpp>

#include "world_for_test.h"

using namespace sluice::cli;
using namespace sluice::cli::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

// A machine whose server accepts everything.
Machine willing() {
  Machine machine;
  machine.server.answers = {response(200, "OK")};
  return machine;
}

}  // namespace

TEST_CASE("options may stand before the command, between and after, as in the original") {
  const TemporaryFolder folder;
  const std::string file = folder.file("a.lua", "return 1\n");
  const std::vector<std::vector<std::string>> same = {
      {"create", "a", "-f", file, "-t", "5", "-m", "7"},
      {"-f", file, "-t", "5", "-m", "7", "create", "a"},
      {"-m", "7", "create", "-f", file, "a", "--timeout", "5"},
      {"--memory=7", "create", "-t5", "a", "-f", file}};
  for (const auto& words : same) {
    Machine machine = willing();
    const Ran ran = machine.run(words);
    INFO(ran.err);
    REQUIRE(ran.exit == 0);
    CHECK(*machine.server.requests[0].body ==
          R"({"name":"a","code":"cmV0dXJuIDEK","timeout":5,"maxmem":7})");
  }
}

TEST_CASE("a value is not taken for the command") {
  Machine machine = willing();
  CHECK(machine.run({"-p", "[1]", "run", "x"}).exit == 0);
  CHECK(machine.run({"-o", "json", "ping"}).out == "\"OK\"\n");
  CHECK(machine.run({"--url", "http://list:1", "ping"}).exit == 0);
  CHECK(machine.server.urls.back() == "http://list:1");
}

TEST_CASE("an action may be called like a command") {
  for (const char* name : {"list", "run", "help", "create"}) {
    Machine machine = willing();
    CHECK(machine.run({"run", name}).exit == 0);
    CHECK(machine.server.requests[0].path == std::string("/actions/") + name);
  }
}

TEST_CASE("after -- an action's name may begin with a dash") {
  Machine machine = willing();
  CHECK(machine.run({"delete", "--", "-b"}).exit == 0);
  CHECK(machine.server.requests[0].path == "/actions/-b");
}

TEST_CASE("payloads with brackets, braces, spaces and minus signs arrive as they are") {
  for (const char* payload : {"[1,2]", "[]", "{}", R"({"a":[1,"b c"]})", "[\"x\"]", "-5", "true",
                              "\"text\"", "  {\"a\":1}"}) {
    Machine machine = willing();
    const Ran ran = machine.run({"run", "x", std::string("--payload=") + payload});
    INFO(payload << " " << ran.err);
    REQUIRE(ran.exit == 0);
    CHECK(*machine.server.requests[0].body == payload);
  }
}

TEST_CASE("a command line that makes no sense ends with 2 and names the help") {
  const std::vector<std::vector<std::string>> senseless = {{},
                                                           {""},
                                                           {"dance"},
                                                           {"run"},
                                                           {"run", "a", "b"},
                                                           {"ping", "--loud"},
                                                           {"ping", "-b"},
                                                           {"list", "-o"},
                                                           {"list", "-o", "xml"},
                                                           {"-b"},
                                                           {"run", "x", "-p"}};
  for (const auto& words : senseless) {
    Machine machine = willing();
    const Ran ran = machine.run(words);
    INFO(ran.err);
    CHECK(ran.exit == 2);
    CHECK(ran.out.empty());
    CHECK_THAT(ran.err, StartsWith("error: ") && Contains("--help"));
    CHECK(machine.server.requests.empty());
  }
}

TEST_CASE("a slip of the finger gets a suggestion") {
  CHECK_THAT(willing().run({"lsit"}).err, Contains("did you mean 'list'?"));
  CHECK_THAT(willing().run({"resolv"}).err, Contains("did you mean 'resolve'?"));
  CHECK_THAT(willing().run({"frobnicate"}).err, !Contains("did you mean"));
  CHECK_THAT(willing().run({std::string(100000, 'x')}).err, !Contains("did you mean"));
}

TEST_CASE("the help names every command, and every command has help") {
  Machine machine;
  const Ran help = machine.run({"--help"});
  CHECK(help.exit == 0);
  CHECK(help.err.empty());
  CHECK(machine.run({"help"}).out == help.out);
  CHECK(machine.run({"-h"}).out == help.out);
  for (const auto& command : all_commands()) {
    const Spec spec = command->spec();
    CHECK_THAT(help.out, Contains("\n  " + spec.name));
    const Ran own = machine.run({spec.name, "--help"});
    CHECK(own.exit == 0);
    CHECK_THAT(own.out, StartsWith(spec.summary));
    CHECK(machine.run({"help", spec.name}).out == own.out);
  }
}

TEST_CASE("the version is a word and an option") {
  Machine machine;
  CHECK_THAT(machine.run({"--version"}).out, StartsWith("slcli ") && Contains("."));
  CHECK(machine.run({"version"}).out == machine.run({"--version"}).out);
  CHECK_THAT(machine.run({"version", "-o", "json"}).out, StartsWith("{\"version\":\""));
}
