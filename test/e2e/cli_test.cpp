// slcli against a real server, as a person types it.
#include <catch2/catch.hpp>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

class Cli {
 public:
  explicit Cli(const TempFolder& home) : home_(home) {}
  Exit operator()(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), program("slcli"));
    return run_program(arguments, input, {"HOME=" + home_.path().string(), "SLCLI_URL="});
  }

 private:
  const TempFolder& home_;
};

TEST_CASE("the walk-through on the command line") {
  TempFolder data, home;
  Server server(data.path());
  const Cli slcli(home);
  const std::string hello =
      home.write("hello.lua", read_file(std::string(SLUICE_SOURCE_DIR) + "/examples/hello.lua"));
  const std::string payload = home.write("payload.json", "{\n\t\"name\": \"from Lua\"\n}\n");

  const Exit early = slcli({"ping"});
  CHECK(early.err.starts_with("error: Please connect to a server first\n"));
  CHECK(early.code == 3);

  const Exit connected = slcli({"connect", server.url()});
  CHECK(connected.code == 0);
  CHECK(connected.err == "info: Operation successful\n");
  CHECK(read_file(home / ".slcli").find(server.url()) != std::string::npos);

  CHECK(slcli({"ping"}).code == 0);
  const Exit none = slcli({"list"});
  CHECK(none.out == "[]\n");
  CHECK(none.err == "info: Available actions\n");

  CHECK(slcli({"create", "hello", "-f", hello}).code == 0);
  CHECK(slcli({"create", "hello", "-f", hello}).code == 5);

  const Exit blocking = slcli({"run", "hello", "-b", "-p", payload});
  CHECK(blocking.code == 0);
  CHECK(blocking.out == "Hello from Lua\n");
  CHECK(blocking.err == "info: Operation successful\n");
  CHECK(slcli({"run", "hello", "-b", "-p", R"({"name":"you"})"}).out == "Hello you\n");
  CHECK(slcli({"run", "hello", "-b", "-p", "-"}, R"({"name":"pipe"})").out == "Hello pipe\n");
  CHECK(slcli({"run", "hello", "-b", "-o", "json"}).out == "\"Hello World\"\n");

  const Exit accepted = slcli({"run", "hello", "-p", payload});
  const std::string id = json_member(accepted.out, "InvocationId");
  REQUIRE(id.size() == 36);
  CHECK(slcli({"resolve", id}).out == "Hello from Lua\n");
  CHECK(json_member(slcli({"status", id}).out, "state") == "done");

  CHECK(slcli({"update", "hello", "-f", hello, "-t", "2s", "-m", "64M"}).code == 0);
  const std::string list = slcli({"list"}).out;
  CHECK(list.find("\"timeout\":2000") != std::string::npos);
  CHECK(list.find("\"maxmem\":65536") != std::string::npos);

  CHECK(slcli({"delete", "hello"}).code == 0);
  CHECK(slcli({"delete", "hello"}).code == 4);
}

TEST_CASE("exit codes tell what went wrong") {
  TempFolder data, home;
  Server server(data.path());
  const Cli slcli(home);
  REQUIRE(slcli({"connect", server.url()}).code == 0);
  const std::string evil = home.write("evil.lua", "function main() error('no') end");
  REQUIRE(slcli({"create", "evil", "-f", evil}).code == 0);

  const Exit failed = slcli({"run", "evil", "-b"});
  CHECK(failed.code == 1);
  CHECK(failed.out.empty());
  CHECK(failed.err.find("error: Error: Request failed with status code 500\n") == 0);
  CHECK(failed.err.find("evil.lua:1: no") != std::string::npos);
  CHECK(slcli({"run", "none", "-b"}).code == 4);
  CHECK(slcli({"resolve", "01890000-0000-7000-8000-000000000000"}).code == 4);
  CHECK(slcli({"fly"}).code == 2);
  CHECK(slcli({"create", "x"}).code == 2);
  CHECK(slcli({"create", "x", "-f", home.write("bad.lua", "function main(")}).code == 5);

  CHECK(server.stop() == 0);
  CHECK(slcli({"ping"}).code == 3);
}

}  // namespace
}  // namespace sluice::test
