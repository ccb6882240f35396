// Actions that reach an HTTP server, and that are kept from one.
#include <catch2/catch.hpp>

#include "test/support/http.h"
#include "test/support/process.h"
#include "test/support/scripted_server.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;

std::string example(const std::string& name) {
  return read_file(SLUICE_SOURCE_DIR "/examples/plugins/http/" + name);
}

std::string with_url(const std::string& url) {
  return R"({"url":")" + url + R"(","event":{"name":"Ada"}})";
}

TEST_CASE("an action posts to a listed host, and reaches no other") {
  const ScriptedServer listed(always(answer(201, "<title> Made </title>")));
  const ScriptedServer inside(always(answer(200, "secret")));
  TempFolder data;
  const std::string config =
      data.write("config.lua", "Plugin \"http\" { file = \"http.so\", hosts = { \"127.0.0.1:" +
                                   std::to_string(listed.port()) + "\" } }\n");
  Server server(data.path(), {"--config", config});
  Http http(server.url());
  REQUIRE(http.create("notify", example("notify.lua")).status == 200);
  REQUIRE(http.create("title", example("fetch_title.lua")).status == 200);

  const Reply posted = http.block("notify", with_url(listed.url("/people")));
  CHECK(posted.status == 200);
  CHECK(posted.body == R"({"body":"<title> Made </title>","status":201})");
  REQUIRE(listed.heard().size() == 1);
  CHECK(listed.heard()[0].line == "POST /people HTTP/1.1");
  CHECK(listed.heard()[0].body == R"({"name":"Ada"})");

  const Reply refused = http.block("title", with_url(inside.url()));
  CHECK(refused.status == 200);
  CHECK_THAT(refused.body, Contains("\"error\":") && Contains("does not list"));
  CHECK(inside.connections() == 0);

  const Reply uncaught = http.block("notify", with_url("http://169.254.169.254/latest/meta-data/"));
  CHECK(uncaught.status == 500);
  CHECK_THAT(uncaught.body, Contains("metadata"));
  CHECK(server.stop() == 0);
}

TEST_CASE("an action reads the title of a page") {
  const ScriptedServer listed(always(answer(200, "<html><Title>\n Sluice </title></html>")));
  TempFolder data;
  const std::string config = data.write(
      "config.lua", "Plugin \"http\" { file = \"http.so\", hosts = { \"localhost:*\" } }\n");
  Server server(data.path(), {"--config", config});
  Http http(server.url());
  REQUIRE(http.create("title", example("fetch_title.lua")).status == 200);
  const std::string url = "http://localhost:" + std::to_string(listed.port()) + "/";
  CHECK(http.block("title", with_url(url)).body == R"({"title":"Sluice","url":")" + url + "\"}");
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
