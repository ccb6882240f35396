// Which handler answers, and what is said when none does.
#include <catch2/catch.hpp>

#include "api/router.h"
#include "world.h"

namespace sluice::test {
namespace {

TEST_CASE("paths that are nobody's are 404, methods that a path lacks are 405 with Allow") {
  World world;
  const HttpReply none = world.ask("GET", "/nowhere");
  CHECK(none.status == 404);
  CHECK(none.header("content-type") == "application/json");
  CHECK(none.body == R"({"code":"not_found","message":"Unknown route","where":"/nowhere"})");
  for (const char* target : {"/", "/ping/", "/ping/x", "//ping", "/actions/a/b",
                             "/actions/a/block/x", "/a/b/c/d/e/f/g/h/i/j"})
    CHECK(world.ask("GET", target).status == 404);

  const HttpReply patch = world.ask("PATCH", "/actions/a");
  CHECK(patch.status == 405);
  CHECK(patch.header("allow") == "GET, HEAD, POST, PUT, DELETE");
  CHECK(world.ask("DELETE", "/ping").header("allow") == "GET, HEAD");
  CHECK(world.ask("GET", "/actions/a/block").header("allow") == "POST");
  CHECK(world.ask("OPTIONS", "/actions").status == 405);
}

TEST_CASE("an encoded path means the same") {
  World world;
  CHECK(world.ask("GET", "/%70ing").body == "OK");
  CHECK(world.create("a.b").status == 200);
  CHECK(world.ask("GET", "/actions/a%2Eb").status == 200);
  CHECK(world.ask("GET", "/actions/a%2").status == 400);
}

TEST_CASE("requests are counted by route and class of status") {
  World world;
  world.ask("GET", "/ping");
  world.ask("GET", "/ping");
  world.ask("POST", "/actions/none");
  const std::string text = world.ask("GET", "/metrics").body;
  CHECK(text.find("sluice_http_requests_total{route=\"GET /ping\",status=\"2xx\"} 2") !=
        std::string::npos);
  CHECK(text.find("sluice_http_requests_total{route=\"POST /actions/:name\",status=\"4xx\"} 1") !=
        std::string::npos);
  CHECK(world.ask("GET", "/metrics").body.find("route=\"GET /ping\",status=\"2xx\"} 2") !=
        std::string::npos);
}

}  // namespace
}  // namespace sluice::test
