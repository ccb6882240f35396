// Who may use a server: the real programs, started as people start them.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

struct Made {
  std::string secret;
  std::string entry;
};

std::string line_after(const std::string& text, const std::string& word) {
  const size_t at = text.find(word);
  return at == std::string::npos
             ? ""
             : text.substr(at + word.size(), text.find('\n', at) - at - word.size());
}

Made make_token(const std::string& name, const std::string& role) {
  const Exit made = run_program({program("sluice"), "token", "--name", name, "--role", role});
  REQUIRE(made.code == 0);
  return {line_after(made.out, "token  "), line_after(made.out, "entry  ")};
}

std::string bearing(const Made& token) {
  return "Authorization: Bearer " + token.secret;
}

Exit slcli(const TempFolder& home, std::vector<std::string> arguments,
           const std::string& input = "", Environment environment = {}) {
  arguments.insert(arguments.begin(), program("slcli"));
  environment.insert(environment.begin(), {"HOME=" + home.path().string(), "SLCLI_URL="});
  return run_program(arguments, input, environment);
}

TEST_CASE("sluice token makes another token each time, and says what is wrong") {
  const Made one = make_token("ci", "invoke"), other = make_token("ci", "invoke");
  CHECK(one.secret.size() == 68);
  CHECK(one.secret != other.secret);
  CHECK_THAT(one.entry, StartsWith("ci invoke sha256:"));
  const Exit role = run_program({program("sluice"), "token", "--name", "ci", "--role", "king"}, "",
                                {"SLUICE_CONFIG=/nowhere/config.lua"});
  CHECK(role.code == 2);
  CHECK_THAT(role.err, Contains("read, invoke or admin"));
  CHECK(run_program({program("sluice"), "token", "--name", "a b", "--role", "read"}).code == 2);
}

TEST_CASE("a server with tokens asks for them, and reads them again when told to") {
  TempFolder data, folder;
  const Made reader = make_token("reader", "read"), boss = make_token("boss", "admin");
  const std::string file = folder.write("tokens", reader.entry + "\n" + boss.entry + "\n");
  Server server(data.path(), {"--tokens", file});
  Http http(server.url());
  CHECK(http.get("/ping").status == 200);
  CHECK(http.get("/readyz").status == 200);
  CHECK(http.get("/actions").status == 401);
  CHECK(http.request("GET", "/actions", "", {bearing(reader)}).status == 200);
  const std::string body = action_body("a", "function main(n) return n end");
  CHECK(http.post("/actions", body).status == 401);
  CHECK(http.post("/actions", body, {bearing(reader)}).status == 403);
  CHECK(http.post("/actions", body, {bearing(boss)}).status == 200);
  CHECK(http.post("/actions/a/block", "7", {bearing(boss)}).body == "7");

  folder.write("tokens", "boss admin " + boss.secret + "\n");
  server.signal(SIGHUP);
  REQUIRE(server.log_has("The tokens stay as they were"));
  CHECK(http.request("GET", "/actions", "", {bearing(reader)}).status == 200);
  folder.write("tokens", boss.entry + "\n");
  server.signal(SIGHUP);
  REQUIRE(server.log_has("Read 1 tokens again"));
  CHECK(http.request("GET", "/actions", "", {bearing(reader)}).status == 401);
  CHECK(http.request("GET", "/actions", "", {bearing(boss)}).status == 200);
  CHECK(server.log().find(boss.secret.substr(4)) == std::string::npos);
  CHECK(server.stop() == 0);
}

TEST_CASE("tokens can stand in config.lua, and a wrong entry is told by its line") {
  TempFolder data, folder;
  const Made reader = make_token("reader", "read");
  const std::string config =
      folder.write("config.lua", "Api {\n  hosts = {\"a.example\"},\n  tokens = { \"" +
                                     reader.entry + "\" },\n}\n");
  {
    Server server(data.path(), {"--config", config});
    Http http(server.url());
    CHECK(http.get("/actions").status == 401);
    CHECK(http.request("GET", "/actions", "", {bearing(reader)}).status == 200);
  }
  for (const char* tokens : {"{}", "{ \"m4rk\" }"}) {
    folder.write("config.lua",
                 std::string("Api {\n  hosts = {\"a.example\"},\n  tokens = ") + tokens + ",\n}\n");
    const Exit refused = run_program({program("sluice"), "serve", "--listen", "127.0.0.1:0",
                                      "--data", data.path().string(), "--config", config});
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, Contains("config.lua:3: Api: tokens") && !Contains("m4rk"));
  }
}

TEST_CASE("beyond this machine sluice listens with tokens, or when told that it is insecure") {
  TempFolder data, folder;
  const std::vector<std::string> serve = {program("sluice"), "serve",  "--listen",
                                          "0.0.0.0:0",       "--data", data.path().string()};
  const Exit refused = run_program(serve);
  CHECK(refused.code == 2);
  CHECK(refused.out.empty());
  CHECK_THAT(refused.err, Contains("will not listen on 0.0.0.0:") && Contains("--tokens FILE") &&
                              Contains("--insecure"));

  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> command = serve;
    command.insert(command.end(), more.begin(), more.end());
    return command;
  };
  {
    HttpProgram insecure(with({"--insecure"}));
    Http http("http://127.0.0.1:" + std::to_string(insecure.port()));
    CHECK(http.get("/actions").status == 200);
    CHECK(http.request("GET", "/actions", "", {"Host: evil.example"}).status == 403);
  }
  const std::string file = folder.write("tokens", make_token("a", "read").entry + "\n");
  HttpProgram guarded(with({"--tokens", file}));
  Http http("http://127.0.0.1:" + std::to_string(guarded.port()));
  CHECK(http.get("/actions").status == 401);
}

TEST_CASE("a page in the browser of whoever runs a server cannot use it, the original client can") {
  TempFolder data;
  Server server(data.path(), {},
                {"SLUICE_HOSTS=jobs.example", "SLUICE_ORIGINS=https://ui.example"});
  Http http(server.url());
  // As the original client asks: JSON, no Origin.
  const std::vector<std::string> client = {"Accept: application/json, text/plain, */*",
                                           "User-Agent: axios/0.21.1"};
  CHECK(http.post("/actions", action_body("a", "function main() return 1 end"), client).status ==
        200);
  CHECK(http.post("/actions/a/block", "{}", client).body == "1");
  CHECK(http.post("/actions/a/block", "{}", {"Origin: https://evil.example"}).status == 403);
  CHECK(http.post("/actions/a/block", "{}", {"Origin: null"}).status == 403);
  CHECK(http.post("/actions/a/block", "{}", {"Host: evil.example"}).status == 403);
  CHECK(http.post("/actions/a/block", "{}", {"Host: jobs.example:443"}).status == 200);
  const Reply page = http.post("/actions/a/block", "{}", {"Origin: https://ui.example"});
  CHECK(page.status == 200);
  CHECK(page.header("access-control-allow-origin") == "https://ui.example");
}

TEST_CASE(
    "slcli connects with a token that stands on no command line, and keeps it for its owner") {
  TempFolder data, folder, home;
  const Made reader = make_token("reader", "read"), boss = make_token("boss", "admin");
  const std::string file = folder.write("tokens", reader.entry + "\n" + boss.entry + "\n");
  Server server(data.path(), {"--tokens", file});

  REQUIRE(slcli(home, {"connect", server.url()}).code == 0);  // anybody may ping
  const Exit none = slcli(home, {"list"});
  CHECK(none.code == 5);
  CHECK_THAT(none.err, Contains("slcli connect " + server.url() + " --token"));

  const Exit wrong =
      slcli(home, {"connect", server.url(), "--token"}, make_token("x", "read").secret);
  CHECK(wrong.code == 5);
  CHECK_THAT(read_file(home / ".slcli"), !Contains("token"));

  REQUIRE(slcli(home, {"connect", server.url(), "--token"}, reader.secret + "\n").code == 0);
  CHECK(slcli(home, {"list"}).code == 0);
  struct stat info {};
  REQUIRE(stat((home / ".slcli").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const Exit low = slcli(home, {"delete", "a"});
  CHECK(low.code == 5);
  CHECK_THAT(low.err, Contains("this needs admin"));
  CHECK(slcli(home, {"delete", "a"}, "", {"SLUICE_TOKEN=" + boss.secret}).code == 4);

  const std::string kept = folder.write("mine", boss.secret + "\n");
  REQUIRE(slcli(home, {"connect", server.url(), "--token-file", kept}).code == 0);
  CHECK(slcli(home, {"delete", "a"}).code == 4);

  const Exit typed = slcli(home, {"connect", server.url(), "--token", boss.secret});
  CHECK(typed.code == 2);
  CHECK_THAT(typed.err + typed.out, !Contains(boss.secret.substr(4)));
}

}  // namespace
}  // namespace sluice::test
