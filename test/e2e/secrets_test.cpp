// Nothing secret in logs, records, `ps` or messages: programs are started with marked secrets, and
// everything that they say, show and write is searched for the mark.
#include <catch2/catch.hpp>
#include <filesystem>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

const std::string kMark = "m4rkedS3cret";

bool has_mark(const std::string& text) {
  return text.find(kMark) != std::string::npos;
}

std::string shown_of(pid_t pid) {
  return read_file("/proc/" + std::to_string(pid) + "/cmdline");
}

std::string said(const Exit& exit) {
  return exit.out + exit.err;
}

TEST_CASE("a program that cannot start repeats no password and no token") {
  const std::string sluice = program("sluice");
  const std::string long_mark = kMark + std::string(100, 'x') + kMark;
  const std::vector<std::vector<std::string>> calls = {
      {sluice, "api", "--mongo", "mongo://me:" + kMark + "@h/x"},
      {sluice, "api", "--mongo", "mongo://me:" + long_mark + "@h/x"},
      {sluice, "api", "--mongo", "mongodb://me:" + kMark + "%zz@h/x"},
      {sluice, "api", "--mongo", "mongodb://me:" + kMark + "/@h/x"},
      {sluice, "api", "--mongo", "mongodb://me:" + kMark + "@h/x?nonsense=1&tls=maybe"},
      {sluice, "api", "--mongo", "mongodb://me:" + kMark + "@h:99999/x"},
      {sluice, "api", "--redis", "rediss://:" + kMark + "@h"},
      {sluice, "api", "--redis", "redis://:" + kMark + "/@h"},
      {sluice, "api", "--redis", "redis://:" + kMark + "@h:port"},
      {sluice, "api", "redis://:" + kMark + "@h"},
      {sluice, "redis://:" + kMark + "@h"},
      {sluice, "serve", "--tokens", "slu_" + kMark},
      {sluice, "serve", "slu_" + kMark},
      {sluice, "migrate", "--mongo", "mongodb://me:" + kMark + "%@h/x"},
      {program("slcli"), "connect", "ftp://me:" + kMark + "@h"},
      {program("slcli"), "connect", "http://me:" + kMark + "@127.0.0.1:1"},
      {program("slcli"), "connect", "http://127.0.0.1:1", "--token", "slu_" + kMark},
      {program("slcli"), "ping", "--url", "http://127.0.0.1:1", "slu_" + kMark},
  };
  TempFolder home;
  for (const std::vector<std::string>& call : calls) {
    const Exit exit = run_program(call, "", {"HOME=" + home.path().string()});
    INFO(call.back() << "\n" << said(exit));
    CHECK(exit.code != 0);
    CHECK_FALSE(has_mark(said(exit)));
  }
  for (const char* variable : {"SLUICE_MONGO=mongo://me:", "SLUICE_REDIS=http://me:"}) {
    const Exit exit = run_program({sluice, "config"}, "", {variable + kMark + "@h"});
    INFO(said(exit));
    CHECK(exit.code == 2);
    CHECK_FALSE(has_mark(said(exit)));
  }
  const Exit token = run_program({program("slcli"), "ping", "--url", "http://127.0.0.1:1"}, "",
                                 {"SLUICE_TOKEN=slu_" + kMark, "HOME=" + home.path().string()});
  CHECK(token.code == 3);
  CHECK_FALSE(has_mark(said(token)));
}

TEST_CASE("sluice config shows no password") {
  const Exit exit = run_program(
      {program("sluice"), "config"}, "",
      {"SLUICE_MONGO=mongodb://me:" + kMark + "@h/x", "SLUICE_REDIS=redis://:" + kMark + "@h"});
  CHECK(exit.code == 0);
  CHECK_FALSE(has_mark(said(exit)));
}

TEST_CASE("a fleet's programs whose databases are away show no password") {
  const std::vector<std::string> addresses = {
      "--mongo",     "mongodb://me:" + kMark + "@127.0.0.1:1/x",
      "--redis",     "redis://me:" + kMark + "@127.0.0.1:1",
      "--log-level", "debug"};
  const auto with = [&](std::vector<std::string> command) {
    command.insert(command.end(), addresses.begin(), addresses.end());
    return command;
  };
  HttpProgram api(with({program("sluice"), "api", "--listen", "127.0.0.1:0"}));
  HttpProgram runner(
      with({program("sluice"), "runner", "--workers", "1", "--status", "127.0.0.1:0"}));
  for (HttpProgram* each : {&api, &runner}) {
    Http http(each->url());
    std::string heard;
    for (const char* path : {"/readyz", "/metrics", "/actions", "/invocations/x"})
      heard += http.get(path).body;
    heard += http.create("a", "function main() end").body;
    CHECK_FALSE(has_mark(heard));
    CHECK_FALSE(has_mark(shown_of(each->pid())));
    for (const pid_t worker : each->children()) CHECK_FALSE(has_mark(shown_of(worker)));
    CHECK(each->stop() == 0);
  }
  CHECK_FALSE(has_mark(api.said() + api.log()));
  CHECK_FALSE(has_mark(runner.said() + runner.log()));
  const Exit fleet = run_program(with({program("sluice"), "fleet"}));
  CHECK(fleet.code != 0);
  CHECK_FALSE(has_mark(said(fleet)));
}

TEST_CASE("tokens are in no record, no log and nothing else that a server writes") {
  TempFolder data, folder;
  const Exit made = run_program({program("sluice"), "token", "--name", "a", "--role", "admin"});
  const std::string secret = made.out.substr(made.out.find("slu_"), 68);
  const size_t entry = made.out.find("entry  ") + 7;
  const std::string file = folder.write("tokens", made.out.substr(entry));
  Server server(data.path(), {"--tokens", file, "--log-level", "debug"});
  Http http(server.url());
  const std::vector<std::string> with = {"Authorization: Bearer " + secret};
  REQUIRE(http.post("/actions", action_body("a", "function main() error('no') end"), with).status ==
          200);
  const Reply failed = http.post("/actions/a/block?durable=1", "{}", with);
  CHECK(failed.status == 500);
  const std::string hidden = secret.substr(4);
  const Reply record = http.request("GET", "/invocations/" + failed.invocation_id(), "", with);
  CHECK(record.status == 200);
  CHECK(record.body.find(hidden) == std::string::npos);
  CHECK(http.request("GET", "/metrics", "", with).body.find(hidden) == std::string::npos);
  CHECK(http.request("GET", "/actions", "", {"Authorization: Bearer " + secret + "0"})
            .body.find(hidden) == std::string::npos);
  CHECK(server.stop() == 0);
  CHECK(server.log().find(hidden) == std::string::npos);
  for (const auto& place : std::filesystem::recursive_directory_iterator(data.path())) {
    if (place.is_regular_file()) CHECK(read_file(place.path()).find(hidden) == std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::test
