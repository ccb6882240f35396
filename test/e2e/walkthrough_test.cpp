// The walk-through of the README, as the original server's users know it: its client must see the
// same.
#include <catch2/catch.hpp>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

// hello.lua as the original's README has it, byte for byte.
const char* const kHello =
    "function main(args)\n\tif args.name == nil then\n\t\targs.name = 'World'\n\tend\n\t\n"
    "\treturn 'Hello ' .. args.name\nend\n";
const char* const kEvil =
    "function main(args)\n\tstrings = {}\n\twhile true do\n\t\ttable.insert(strings, "
    "'evil')\n\tend\nend\n";

// What axios 0.18 under Node sends.
const std::vector<std::string> kAxios = {"Accept: application/json, text/plain, */*",
                                         "Content-Type: application/json;charset=utf-8",
                                         "User-Agent: axios/0.18.1", "Connection: close"};

TEST_CASE("the original client's walk-through works unchanged") {
  TempFolder data;
  Server server(data.path());
  Http http(server.url());

  const Reply ping = http.request("GET", "/ping", "", kAxios);
  CHECK(ping.status == 200);
  CHECK(ping.body == "OK");
  CHECK(server.log_has("Ping request received"));

  const Reply none = http.request("GET", "/actions", "", kAxios);
  CHECK(none.status == 200);
  CHECK(none.body == "[]");

  const Reply created = http.request("POST", "/actions", action_body("hello", kHello), kAxios);
  CHECK(created.status == 200);
  CHECK(created.body == "OK");
  CHECK(server.log_has("Action compiled successfully"));

  CHECK(http.get("/actions").body == R"([{"maxmem":0,"name":"hello","size":192,"timeout":0}])");

  const Reply blocking =
      http.request("POST", "/actions/hello/block", R"({"name":"from Lua"})", kAxios);
  CHECK(blocking.status == 200);
  CHECK(blocking.body == R"("Hello from Lua")");
  CHECK(blocking.header("content-type").find("application/json") == 0);

  const Reply accepted = http.request("POST", "/actions/hello", R"({"name":"from Lua"})", kAxios);
  CHECK(accepted.status == 202);
  const std::string id = json_member(accepted.body, "InvocationId");
  CHECK(id.size() == 36);
  CHECK(accepted.header("location").find(id) != std::string::npos);

  const Reply resolved = http.request("GET", "/invocation/" + id, "", kAxios);
  CHECK(resolved.status == 200);
  CHECK(resolved.body == R"("Hello from Lua")");

  CHECK(http.request("POST", "/actions", action_body("evil", kEvil, 0, 100'000), kAxios).status ==
        200);
  const Reply evil = http.request("POST", "/actions/evil/block", "{}", kAxios);
  CHECK(evil.status == 500);
  CHECK(json_member(evil.body, "err") == "7");
  CHECK(server.log_has("Action 'evil' aborted after violating memory constraints"));

  const Reply deleted = http.request("DELETE", "/actions/hello", "", kAxios);
  CHECK(deleted.status == 200);
  CHECK(deleted.body == "OK");
  const Reply gone = http.request("POST", "/actions/hello/block", "{}", kAxios);
  CHECK(gone.status == 404);
  CHECK(gone.body == "Action not found");

  CHECK(server.stop() == 0);
}

TEST_CASE("an action outlives its deletion for what was queued before") {
  TempFolder data;
  std::string id;
  {
    Server server(data.path(), {"--workers", "0"});
    Http http(server.url());
    REQUIRE(http.create("hello", kHello).status == 200);
    id = http.post("/actions/hello", R"({"name":"late"})").invocation_id();
    CHECK(http.request("DELETE", "/actions/hello").status == 200);
    CHECK(http.request("DELETE", "/actions/hello").status == 404);
    CHECK(server.stop() == 0);
  }
  Server server(data.path());
  CHECK(Http(server.url()).resolve(id).body == R"("Hello late")");
}

TEST_CASE("invocations keep the version they were made with") {
  TempFolder data;
  std::string id;
  {
    Server server(data.path(), {"--workers", "0"});
    Http http(server.url());
    REQUIRE(http.create("v", "function main() return 1 end").status == 200);
    id = http.post("/actions/v").invocation_id();
    CHECK(http.create("v", "function main() return 2 end").status == 409);
    const Reply put =
        http.request("PUT", "/actions/v", action_body("v", "function main() return 2 end"));
    CHECK(put.status == 200);
    CHECK(json_member(http.get("/actions/v").body, "version") == "2");
    CHECK(server.stop() == 0);
  }
  Server server(data.path());
  Http http(server.url());
  CHECK(http.resolve(id).body == "1");
  CHECK(http.block("v").body == "2");
}

TEST_CASE("a record tells what happened to an invocation") {
  TempFolder data;
  Server server(data.path());
  Http http(server.url());
  REQUIRE(http.create("broken", "function main(args)\n  print('before')\n  local x = args.a.b\nend")
              .status == 200);
  const Reply failed = http.block("broken", "{}");
  CHECK(failed.status == 500);
  CHECK(json_member(failed.body, "err") == "6");
  CHECK(json_member(failed.body, "message").find("broken.lua:3:") != std::string::npos);
  const std::string id = failed.invocation_id();
  CHECK(failed.header("x-invocation-id") == id);

  std::string record;
  REQUIRE(eventually([&] {
    record = http.get("/invocations/" + id).body;
    return json_member(record, "state") == "done";
  }));
  INFO(record);
  CHECK(json_member(record, "outcome") == "failed");
  CHECK(json_member(record, "action") == "broken");
  CHECK(json_member(record, "attempt") == "1");
  CHECK(json_member(record, "logs").find("before") != std::string::npos);
  CHECK(json_member(record, "error").find("traceback") != std::string::npos);
  CHECK(json_member(record, "error").find("broken.lua:3:") != std::string::npos);

  const Reply text = http.get("/invocation/" + id);
  CHECK(text.status == 500);
  CHECK(text.body.find("broken.lua:3:") != std::string::npos);
}

}  // namespace
}  // namespace sluice::test
