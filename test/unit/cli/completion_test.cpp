// The completion scripts are written by hand; here they are held against what slcli understands.
#include <sys/wait.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "world_for_test.h"

using namespace sluice::cli;
using namespace sluice::cli::test;
using Catch::Matchers::Contains;

namespace {

const std::string kFolder = SLUICE_SOURCE_DIR "/cli/completion/";

struct Shell {
  int exit;
  std::string out;
};

Shell shell(const std::string& command) {
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  std::array<char, 4096> buffer;
  while (const size_t count = fread(buffer.data(), 1, buffer.size(), pipe))
    out.append(buffer.data(), count);
  return {WEXITSTATUS(pclose(pipe)), out};
}

bool has_program(const std::string& name) {
  return shell("command -v " + name).exit == 0;
}

// What bash offers at the end of `line`, where the server has the actions hello and evil.
std::string offered(const std::string& line) {
  const bool new_word = line.back() == ' ';
  return shell("bash -c 'source " + kFolder + "slcli.bash; " +
               "slcli() { [[ \"$*\" == \"list --names\"* ]] && printf \"hello\\nevil\\n\"; }; "
               "timeout() { shift; \"$@\"; }; "
               "COMP_WORDS=(" +
               line + (new_word ? " \"\"" : "") +
               "); "
               "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _slcli; echo \"${COMPREPLY[*]}\"'")
      .out;
}

}  // namespace

TEST_CASE("slcli prints the scripts it comes with") {
  Machine machine;
  CHECK(machine.run({"completion", "bash"}).out == content_of(kFolder + "slcli.bash"));
  CHECK(machine.run({"completion", "zsh"}).out == content_of(kFolder + "_slcli"));
  const Ran fish = machine.run({"completion", "fish"});
  CHECK(fish.exit == 2);
  CHECK_THAT(fish.err, Contains("only for bash and zsh"));
}

TEST_CASE("the scripts know every command and every option") {
  for (const char* file : {"slcli.bash", "_slcli"}) {
    const std::string script = content_of(kFolder + file);
    REQUIRE_FALSE(script.empty());
    for (const auto& command : all_commands()) {
      const Spec spec = command->spec();
      INFO(file << ": " << spec.name);
      CHECK_THAT(script, Contains(spec.name));
      for (const Option& option : spec.options) {
        const size_t comma = option.flags.find(',');
        CHECK_THAT(script, Contains(option.flags.substr(0, comma)));
        if (comma != std::string::npos)
          CHECK_THAT(script, Contains(option.flags.substr(comma + 1)));
      }
    }
  }
}

TEST_CASE("the scripts are valid in their shells") {
  CHECK(shell("bash -n " + kFolder + "slcli.bash").exit == 0);
  if (has_program("zsh")) CHECK(shell("zsh -n " + kFolder + "_slcli").exit == 0);
}

TEST_CASE("bash is offered commands, options, actions and formats") {
  CHECK(offered("slcli re") == "resolve\n");
  CHECK(offered("slcli p") == "ping\n");
  CHECK(offered("slcli run ") == "hello evil\n");
  CHECK(offered("slcli run he") == "hello\n");
  CHECK(offered("slcli -o json delete ev") == "evil\n");
  CHECK(offered("slcli run hello ") == "\n");
  CHECK(offered("slcli run --bl") == "--block\n");
  CHECK(offered("slcli -o j") == "json\n");
  CHECK(offered("slcli completion ") == "bash zsh\n");
  CHECK(offered("slcli --url http : //127.0.0.1 : 8080 run he") == "hello\n");
}
