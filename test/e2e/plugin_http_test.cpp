// Actions that reach an HTTP server, and that are kept from one.
#include <catch2/catch.hpp>

#include "test/support/http.h"
#include "test/support/process.h"
#include "test/support/scripted_server.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;

constexpr char kPost[] = R"(
function main(args)
  local answer = call("http", "post", { url = args.url, json = { name = "Ada" } })
  return { status = answer.status, body = answer.body }
end)";

constexpr char kTry[] = R"(
function main(args)
  local ok, problem = pcall(call, "http", "get", { url = args.url })
  return { ok = ok, problem = ok and "none" or problem }
end)";

std::string with_url(const std::string& url) {
  return R"({"url":")" + url + "\"}";
}

TEST_CASE("an action posts to a listed host, and reaches no other") {
  const ScriptedServer listed(always(answer(201, "made")));
  const ScriptedServer inside(always(answer(200, "secret")));
  TempFolder data;
  const std::string config =
      data.write("config.lua", "Plugin \"http\" { file = \"http.so\", hosts = { \"127.0.0.1:" +
                                   std::to_string(listed.port()) + "\" } }\n");
  Server server(data.path(), {"--config", config});
  Http http(server.url());
  REQUIRE(http.create("post", kPost).status == 200);
  REQUIRE(http.create("try", kTry).status == 200);

  const Reply posted = http.block("post", with_url(listed.url("/people")));
  CHECK(posted.status == 200);
  CHECK(posted.body == R"({"body":"made","status":201})");
  REQUIRE(listed.heard().size() == 1);
  CHECK(listed.heard()[0].line == "POST /people HTTP/1.1");
  CHECK(listed.heard()[0].body == R"({"name":"Ada"})");

  const Reply refused = http.block("try", with_url(inside.url()));
  CHECK(refused.status == 200);
  CHECK_THAT(refused.body, Contains("\"ok\":false") && Contains("does not list"));
  CHECK(inside.connections() == 0);

  const Reply uncaught = http.block("post", with_url("http://169.254.169.254/latest/meta-data/"));
  CHECK(uncaught.status == 500);
  CHECK_THAT(uncaught.body, Contains("metadata"));
  CHECK(server.stop() == 0);
}

TEST_CASE("a server whose plugin http lists no hosts does not start, and says what is missing") {
  TempFolder data;
  const std::string config = data.write("config.lua", "Plugin \"http\" { file = \"http.so\" }\n");
  const Exit exit = run_program({program("sluice"), "serve", "--listen", "127.0.0.1:0", "--data",
                                 data.path().string(), "--config", config});
  CHECK(exit.code != 0);
  CHECK_THAT(exit.err, Contains("needs 'hosts'"));
}

}  // namespace
}  // namespace sluice::test
