// Which plugins an action may call, from the request that says so to the error in Lua.
#include <catch2/catch.hpp>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

constexpr const char* kTry =
    "function main(plugin) local _, why = pcall(call, plugin, 'get', {}) return tostring(why) end";

// The body that makes the action, or replaces it; `allow` is JSON.
std::string body_allowing(const std::string& name, const std::string& allow) {
  std::string body = action_body(name, kTry);
  body.insert(body.rfind('}'), ",\"allow\":" + allow);
  return body;
}

Reply create(Http& http, const std::string& name, const std::string& allow) {
  return http.post("/actions", body_allowing(name, allow));
}

TEST_CASE("an action calls no plugin beyond those that it was allowed") {
  TempFolder data;
  Server server(data.path());
  Http http(server.url());
  REQUIRE(create(http, "some", R"(["mongo","http"])").status == 200);
  REQUIRE(create(http, "none", "[]").status == 200);
  REQUIRE(create(http, "all", "null").status == 200);
  const auto why = [&](const std::string& action, const std::string& plugin) {
    return http.block(action, "\"" + plugin + "\"").body;
  };
  CHECK(why("some", "kv") ==
        R"("the action 'some' may not use plugin 'kv'; it may use mongo, http")");
  CHECK(why("none", "kv") ==
        R"("the action 'none' may not use plugin 'kv'; it may use no plugin")");
  CHECK(why("some", "http").find("may not use") == std::string::npos);
  CHECK(why("all", "kv").find("may not use") == std::string::npos);
}

TEST_CASE("what is submitted after an action was given other plugins may call those") {
  TempFolder data;
  Server server(data.path());
  Http http(server.url());
  REQUIRE(create(http, "a", R"(["http"])").status == 200);
  REQUIRE(http.request("PUT", "/actions/a", body_allowing("a", R"(["kv"])")).status == 200);
  CHECK(http.block("a", R"("http")").body ==
        R"("the action 'a' may not use plugin 'http'; it may use kv")");
}

}  // namespace
}  // namespace sluice::test
