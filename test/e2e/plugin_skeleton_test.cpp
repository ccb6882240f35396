// The plugin skeleton, and what scripts/new-plugin makes, in a real server.
#include <catch2/catch.hpp>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

TEST_CASE("the example action of the skeleton adds by a plugin") {
  TempFolder data, home;
  const std::string config = home.write("config.lua", "Plugin \"skeleton\" { limit = 1000 }");
  Server server(data.path(), {"--config", config});
  const auto slcli = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program("slcli"));
    return run_program(arguments, "",
                       {"HOME=" + home.path().string(), "SLCLI_URL=" + server.url()});
  };
  const std::string source = SLUICE_SOURCE_DIR "/examples/plugins/skeleton/add.lua";
  REQUIRE(slcli({"create", "add", "-f", source}).code == 0);
  CHECK(slcli({"run", "add", "-b", "-p", R"({"x": 1, "y": 2})"}).out == "3\n");
  CHECK(slcli({"run", "add", "-b", "-p", R"({"x": 1.5, "y": 1.5})"}).out == "3.0\n");
  const Exit refused = slcli({"run", "add", "-b", "-p", R"({"x": 999, "y": 2})"});
  CHECK(refused.code != 0);
  CHECK_THAT(refused.err, Catch::Contains("beyond the limit"));
}

TEST_CASE("the script of a new plugin shows it in a real server") {
  const auto language = GENERATE(as<std::string>(), "c", "c++");
  TempFolder folder, home;
  const Exit made = run_program({SLUICE_SOURCE_DIR "/scripts/new-plugin", "greet", "--into",
                                 folder.path().string(), "--lang", language});
  REQUIRE(made.code == 0);
  const Exit tried =
      run_program({(folder / "greet/try").string(), "20", "22"}, "",
                  {"HOME=" + home.path().string(), "SLUICE_BIN=" SLUICE_BIN_DIR, "SLCLI_URL="});
  INFO(tried.err);
  CHECK(tried.code == 0);
  CHECK_THAT(tried.out, Catch::EndsWith("\n42\n"));
}

}  // namespace
}  // namespace sluice::test
