// The plugin redis, from Lua through the whole server: the action of examples/plugins/redis.
#include <catch2/catch.hpp>

#include "test/support/databases.h"
#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

using Catch::Contains;

TEST_CASE("an action counts in Redis, and a Redis that is away is an error it can catch") {
  RedisServer redis;
  TempFolder data;
  const std::string config =
      data.write("config.lua", "Plugin \"redis\" { file = \"redis.so\", url = \"" + redis.url() +
                                   "\", prefix = \"e2e:\" }\n");
  Server server(data / "data", {"--config", config});
  Http http(server.url());
  REQUIRE(http.create("counter", read_file(SLUICE_SOURCE_DIR "/examples/plugins/redis/counter.lua"))
              .status == 200);
  CHECK(http.block("counter", R"({"name":"Ada"})").body == "1");
  CHECK(http.block("counter", R"({"name":"Ada"})").body == "2");
  CHECK(http.block("counter", R"({"name":"Grace"})").body == "1");

  REQUIRE(http.create("read", R"(
    function main(args)
      local done, value = pcall(call, "redis", "command", {args = {"GET", args.key}})
      return {done, value}
    end)")
              .status == 200);
  CHECK(http.block("read", R"({"key":"e2e:visits/Ada"})").body == R"([true,"2"])");
  CHECK(http.block("read", R"({"key":"e2e:none"})").body == "[true]");

  redis.kill_hard();
  const std::string away = http.block("read", R"({"key":"k"})").body;
  CHECK_THAT(away, Contains("[false,"));
  CHECK_THAT(away, Contains("no answer from Redis: "));
  redis.restart();
  CHECK(eventually([&] { return http.block("read", R"({"key":"e2e:none"})").body == "[true]"; }));
  CHECK(server.stop() == 0);
}

}  // namespace
}  // namespace sluice::test
