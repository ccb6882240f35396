// Actions by name, without asking the store each time.
#include <catch2/catch.hpp>

#include "world.h"

namespace sluice::test {
namespace {

TEST_CASE("a hot action costs no store read") {
  World world;
  REQUIRE(world.create("a").status == 200);
  const size_t before = world.store.find_action_calls;
  for (int i = 0; i < 5; ++i) CHECK(world.ask("POST", "/actions/a/block", "1").status == 200);
  CHECK(world.store.find_action_calls == before);
}

TEST_CASE("what is replaced or deleted is not remembered") {
  World world;
  REQUIRE(world.create("a").status == 200);
  REQUIRE(world.ask("PUT", "/actions/a", R"({"code":"eA=="})").status == 200);
  CHECK(world.ask("GET", "/actions/a").body.find("\"version\":2") != std::string::npos);
  CHECK(world.ask("DELETE", "/actions/a").status == 200);
  CHECK(world.ask("POST", "/actions/a/block").status == 404);
  CHECK(world.create("a").status == 200);
  CHECK(world.ask("POST", "/actions/a/block").status == 200);
}

TEST_CASE("a maximum age makes it ask again") {
  api::ApiOptions options;
  options.action_max_age = Millis(1000);
  World world(options);
  REQUIRE(world.create("a").status == 200);
  const size_t before = world.store.find_action_calls;
  world.ask("POST", "/actions/a/block");
  CHECK(world.store.find_action_calls == before);
  world.clock.advance(Millis(1001));
  world.ask("POST", "/actions/a/block");
  CHECK(world.store.find_action_calls == before + 1);
}

TEST_CASE("an action that exists is refused before it is compiled") {
  World world;
  REQUIRE(world.create("a").status == 200);
  const int before = world.compiler.compiled;
  CHECK(world.create("a").status == 409);
  CHECK(world.ask("PUT", "/actions/none", R"({"code":"eA=="})").status == 404);
  CHECK(world.compiler.compiled == before);
}

}  // namespace
}  // namespace sluice::test
