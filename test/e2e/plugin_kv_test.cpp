// The plugin kv under `sluice serve`: actions with a state, and no other server.
#include <catch2/catch.hpp>

#include <thread>
#include <vector>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

using Catch::Contains;

std::string config_with_kv(const TempFolder& folder) {
  // Durable: a visit whose end is lost with the server runs, and counts, again.
  return folder.write("config.lua",
                      "Api { block = \"durable\" }\nPlugin \"kv\" { file = \"kv.so\", path = \"" +
                          (folder / "kv.db").string() + "\" }\n");
}

std::string example() {
  return read_file(std::string(SLUICE_SOURCE_DIR) + "/examples/plugins/kv/visits.lua");
}

TEST_CASE("an action keeps its state in kv between invocations and over a restart") {
  TempFolder data, folder;
  const std::string config = config_with_kv(folder);
  {
    Server server(data.path(), {"--config", config});
    Http http(server.url());
    REQUIRE(http.create("visits", example()).status == 200);
    CHECK(http.block("visits", R"({"name":"Ada"})").body == R"({"last":["Ada"],"visits":1})");
    CHECK(http.block("visits", R"({"name":"Ada"})").body == R"({"last":["Ada","Ada"],"visits":2})");
    CHECK(http.block("visits", R"({"name":"Bo"})").body ==
          R"({"last":["Bo","Ada","Ada"],"visits":1})");
    CHECK(server.stop() == 0);
  }
  {
    Server server(data.path(), {"--config", config});
    CHECK(Http(server.url()).block("visits", R"({"name":"Ada"})").body ==
          R"({"last":["Ada","Bo","Ada"],"visits":3})");
    server.kill_hard();
  }
  Server server(data.path(), {"--config", config});
  CHECK(Http(server.url()).block("visits", R"({"name":"Bo"})").body ==
        R"({"last":["Bo","Ada","Bo"],"visits":2})");
}

TEST_CASE("invocations that run at once lose no change in kv") {
  TempFolder data, folder;
  Server server(data.path(), {"--config", config_with_kv(folder)});
  REQUIRE(Http(server.url()).create("visits", example()).status == 200);
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&] {
      Http http(server.url());
      for (int i = 0; i < 10; ++i) http.block("visits", R"({"name":"Ada"})");
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(Http(server.url()).block("visits", R"({"name":"Ada"})").body ==
        R"({"last":["Ada","Ada","Ada"],"visits":81})");
}

TEST_CASE("what kv refuses is an error that Lua code can catch") {
  TempFolder data, folder;
  Server server(data.path(), {"--config", config_with_kv(folder)});
  Http http(server.url());
  REQUIRE(
      http.create("wrong", "function main(args) return {pcall(call, 'kv', 'set', {key='a'})} end")
          .status == 200);
  CHECK_THAT(http.block("wrong").body, Contains("[false,") && Contains("needs 'value'"));
}

TEST_CASE("a file that is no store stops the start, and is named") {
  TempFolder data, folder;
  folder.write("kv.db", std::string(4096, 'x'));
  const Exit refused = run_program({program("sluice"), "serve", "--listen", "127.0.0.1:0", "--data",
                                    data.path().string(), "--config", config_with_kv(folder)});
  CHECK(refused.code != 0);
  CHECK_THAT(refused.err, Contains((folder / "kv.db").string()) && Contains("no SQLite database"));
}

}  // namespace
}  // namespace sluice::test
