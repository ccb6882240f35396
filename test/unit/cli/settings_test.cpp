#include "cli/settings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "world_for_test.h"

using namespace sluice::cli;
using namespace sluice::cli::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

Machine at_home(const TemporaryFolder& home) {
  Machine machine;
  machine.environment = {{"HOME", home.path()}};
  machine.server.answers = {response(200, "OK")};
  return machine;
}

}  // namespace

TEST_CASE("connect checks the server and remembers it in the original's format") {
  const TemporaryFolder home;
  Machine machine = at_home(home);
  const Ran ran = machine.run({"connect", "http://127.0.0.1:8080/"});
  CHECK(ran.exit == 0);
  CHECK(ran.err == "info: Operation successful\n");
  CHECK(content_of(home.path(".slcli")) == "{\"url\":\"http://127.0.0.1:8080\"}\n");

  machine.server.urls.clear();
  CHECK(machine.run({"ping"}).exit == 0);
  CHECK(machine.server.urls == std::vector<std::string>{"http://127.0.0.1:8080"});
}

TEST_CASE("connect leaves the file alone when the server does not answer") {
  const TemporaryFolder home;
  home.file(".slcli", R"({"url":"http://old:1"})");
  Machine machine = at_home(home);
  machine.server.answers.clear();
  CHECK(machine.run({"connect", "http://new:1"}).exit == 3);
  CHECK(content_of(home.path(".slcli")) == R"({"url":"http://old:1"})");
  CHECK(machine.run({"connect", "new server"}).exit == 2);
  CHECK(content_of(home.path(".slcli")) == R"({"url":"http://old:1"})");
}

TEST_CASE("connect asks the server it is given, whatever is in force") {
  const TemporaryFolder home;
  Machine machine = at_home(home);
  machine.environment["SLCLI_URL"] = "http://other:1";
  CHECK(machine.run({"connect", "http://new:1", "--url", "http://third:1"}).exit == 0);
  CHECK(machine.server.urls == std::vector<std::string>{"http://new:1"});
}

TEST_CASE("the file is the owner's alone, and a link to it stays a link") {
  const TemporaryFolder home;
  home.file("dotfile", "{}");
  std::filesystem::create_symlink(home.path("dotfile"), home.path(".slcli"));
  CHECK(at_home(home).run({"connect", "http://a:1"}).exit == 0);
  CHECK(std::filesystem::is_symlink(home.path(".slcli")));
  CHECK_THAT(content_of(home.path("dotfile")), Contains("http://a:1"));
  struct stat info {};
  REQUIRE(stat(home.path("dotfile").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(std::distance(std::filesystem::directory_iterator(home.path()), {}) == 2);
}

TEST_CASE("the option --url goes before SLCLI_URL, which goes before the file") {
  const TemporaryFolder home;
  home.file(".slcli", R"({"url": "http://file:1", "colour": "blue"})");
  Machine machine = at_home(home);
  machine.run({"ping"});
  machine.environment["SLCLI_URL"] = "http://variable:1";
  machine.run({"ping"});
  machine.run({"ping", "--url", "http://option:1"});
  CHECK(machine.server.urls ==
        std::vector<std::string>{"http://file:1", "http://variable:1", "http://option:1"});
}

TEST_CASE("without a server the original's words are said, and how to get one") {
  const TemporaryFolder home;
  for (const std::vector<std::string>& words : {std::vector<std::string>{"ping"},
                                                {"list"},
                                                {"run", "x"},
                                                {"run", "x", "-b"},
                                                {"resolve", "x"},
                                                {"status", "x"},
                                                {"delete", "x"}}) {
    const Ran ran = at_home(home).run(words);
    CHECK(ran.exit == 3);
    CHECK_THAT(ran.err, StartsWith("error: Please connect to a server first\n"));
    CHECK_THAT(ran.err, Contains("slcli connect"));
  }
}

TEST_CASE("a file that does not hold an address is named") {
  const TemporaryFolder home;
  for (const char* content : {"", "{", "[]", "{}", R"({"url": 5})", "http://127.0.0.1:8080"}) {
    home.file(".slcli", content);
    const Ran ran = at_home(home).run({"ping"});
    INFO(content << "\n" << ran.err);
    CHECK(ran.exit == 3);
    CHECK_THAT(ran.err, StartsWith("error: " + home.path(".slcli") + " does not hold"));
  }
  CHECK(at_home(home).run({"connect", "http://a:1"}).exit == 0);
  CHECK(at_home(home).run({"ping"}).exit == 0);
}

TEST_CASE("an address in the file that is none is refused") {
  const TemporaryFolder home;
  home.file(".slcli", R"({"url": "ftp://x"})");
  const Ran ran = at_home(home).run({"ping"});
  CHECK(ran.exit == 2);
  CHECK_THAT(ran.err, Contains("'ftp://x' is no server address"));
}

TEST_CASE("a folder in the file's place is named") {
  const TemporaryFolder home;
  std::filesystem::create_directory(home.path(".slcli"));
  const Ran read = at_home(home).run({"ping"});
  CHECK(read.exit == 3);
  CHECK_THAT(read.err, Contains(home.path(".slcli") + ": it is a folder"));
  const Ran write = at_home(home).run({"connect", "http://a:1"});
  CHECK(write.exit == 2);
  CHECK_THAT(write.err, Contains("cannot write " + home.path(".slcli")));
}

TEST_CASE("without HOME it is said that there is no file, and --url works") {
  Machine machine;
  machine.environment.clear();
  machine.server.answers = {response(200, "OK")};
  const Ran ran = machine.run({"ping"});
  CHECK(ran.exit == 3);
  CHECK_THAT(ran.err, StartsWith("error: HOME is not set") && Contains("--url"));
  CHECK(machine.run({"connect", "http://a:1"}).exit == 3);
  CHECK(machine.run({"ping", "--url", "http://a:1"}).exit == 0);
}

namespace {

const std::string kToken = "slu_" + std::string(64, 'a');

std::string sent_token(const Machine& machine) {
  const auto& headers = machine.server.requests.back().headers;
  const auto found = headers.find("Authorization");
  return found == headers.end() ? "" : found->second;
}

}  // namespace

TEST_CASE("connect --token reads a line, tries the token and keeps it") {
  const TemporaryFolder home;
  Machine machine = at_home(home);
  machine.input = "  " + kToken + " \nmore";
  CHECK(machine.run({"connect", "http://a:1", "--token"}).exit == 0);
  CHECK(content_of(home.path(".slcli")) ==
        "{\"url\":\"http://a:1\",\"token\":\"" + kToken + "\"}\n");
  CHECK(machine.server.requests.back().path == "/actions");  // anybody may ping
  CHECK(sent_token(machine) == "Bearer " + kToken);
  machine.run({"list"});
  CHECK(sent_token(machine) == "Bearer " + kToken);

  CHECK(machine.run({"connect", "http://a:1"}).exit == 0);  // without one it is forgotten
  CHECK(content_of(home.path(".slcli")) == "{\"url\":\"http://a:1\"}\n");
}

TEST_CASE("on a terminal the token is asked for without showing it") {
  const TemporaryFolder home;
  Machine machine = at_home(home);
  std::string asked;
  machine.read_hidden = [&](const std::string& prompt) {
    asked = prompt;
    return kToken;
  };
  CHECK(machine.run({"connect", "http://a:1", "--token"}).exit == 0);
  CHECK_THAT(asked, Contains("Token"));
  CHECK_THAT(content_of(home.path(".slcli")), Contains(kToken));
  machine.read_hidden = [](const std::string&) { return std::nullopt; };
  CHECK(machine.run({"connect", "http://a:1", "--token"}).exit == 2);
}

TEST_CASE("a token that the server does not know is not kept") {
  const TemporaryFolder home;
  Machine machine = at_home(home);
  machine.input = kToken + "\n";
  machine.server.answers = {response(200, "OK"), response(401, "who?")};
  const Ran ran = machine.run({"connect", "http://a:1", "--token"});
  CHECK(ran.exit == 5);
  CHECK_THAT(ran.err + ran.out, !Contains(kToken));
  CHECK_FALSE(std::filesystem::exists(home.path(".slcli")));
}

TEST_CASE("a kept token goes to its own server only") {
  const TemporaryFolder home;
  home.file(".slcli", R"({"url":"http://a:1","token":")" + kToken + "\"}");
  Machine machine = at_home(home);
  machine.run({"ping"});
  CHECK(sent_token(machine) == "Bearer " + kToken);
  machine.run({"ping", "--url", "http://a:1/"});
  CHECK(sent_token(machine) == "Bearer " + kToken);
  machine.run({"ping", "--url", "http://evil:1"});
  CHECK(sent_token(machine) == "");
  machine.environment["SLCLI_URL"] = "http://evil:1";
  machine.run({"ping"});
  CHECK(sent_token(machine) == "");
  machine.environment["SLUICE_TOKEN"] = "slu_other";
  machine.run({"ping"});
  CHECK(sent_token(machine) == "Bearer slu_other");
}

TEST_CASE("what cannot be a token is refused and not repeated") {
  const TemporaryFolder home;
  Machine machine = at_home(home);
  for (const char* bad : {"",
                          "\n"
                          "slu_x",
                          "m4rk two\n", "m4rk\x01\n"}) {
    machine.input = bad;
    const Ran ran = machine.run({"connect", "http://a:1", "--token"});
    CHECK(ran.exit == 2);
    CHECK_THAT(ran.err, !Contains("m4rk"));
  }
  CHECK(machine.run({"connect", "http://a:1", "--token-file", home.path("none")}).exit == 2);
  const Ran typed = machine.run({"connect", "http://a:1", "--token", kToken});
  CHECK(typed.exit == 2);
  CHECK_THAT(typed.err, !Contains(kToken));
}

TEST_CASE("without a token that is needed it is said how to get one") {
  const TemporaryFolder home;
  Machine machine = at_home(home);
  machine.environment["SLCLI_URL"] = "http://a:1";
  machine.server.answers = {response(401, "header Authorization: a token is needed")};
  CHECK_THAT(machine.run({"list"}).err, Contains("slcli connect http://a:1 --token"));
  machine.environment["SLUICE_TOKEN"] = kToken;
  CHECK_THAT(machine.run({"list"}).err, Contains("the token came from SLUICE_TOKEN"));
}
