// Bytecode is shared by those who have the fleet's key, and by nobody else.
#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

const Environment kKey = {
    "SLUICE_STORE_KEY=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"};
const char* const kNoKey = "There is no Store { key }";

TEST_CASE("fleet: what an API sealed is run by runners with the same key as it is") {
  Fleet fleet;
  HttpProgram& api = fleet.start_api({}, kKey);
  create_actions(api.url());
  Program& runner = fleet.start_runner({}, kKey);
  Http http(api.url());
  CHECK(http.block("double", R"({"n":21})").body == "42");
  for (const Program* program : {static_cast<Program*>(&api), &runner}) {
    CHECK(program->log().find(kNoKey) == std::string::npos);
    CHECK(program->log().find("ompiling double.lua") == std::string::npos);
    CHECK(program->log().find("000102") == std::string::npos);
  }
}

TEST_CASE("fleet: without a key each runner compiles what it runs, and says so at its start") {
  Fleet fleet;
  // That the API has one makes no difference to a runner that has none.
  HttpProgram& api = fleet.start_api({}, GENERATE(Environment{}, kKey));
  create_actions(api.url());
  Program& runner = fleet.start_runner({"--log-level", "debug"});
  Http http(api.url());
  CHECK(http.block("double", R"({"n":21})").body == "42");
  CHECK(http.block("double", R"({"n":22})").body == "44");
  CHECK(runner.log_has(kNoKey));
  const std::string compiled = "Compiling double.lua: there is no key";
  CHECK(runner.log_has(compiled));
  CHECK(runner.log().find(compiled) == runner.log().rfind(compiled));
}

TEST_CASE("fleet: a runner with another key compiles, too, and warns") {
  Fleet fleet;
  HttpProgram& api = fleet.start_api({}, kKey);
  create_actions(api.url());
  Program& runner = fleet.start_runner(
      {}, {"SLUICE_STORE_KEY=ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"});
  Http http(api.url());
  CHECK(http.block("double", R"({"n":21})").body == "42");
  CHECK(runner.log_has("Recompiling double.lua: its bytecode in the store was changed"));
}

TEST_CASE("fleet: a program whose key is none does not start") {
  TempFolder folder;
  const std::string file = folder.write("key", "s3cret");
  for (const char* command : {"api", "runner"}) {
    const Exit ended =
        run_program({program("sluice"), command}, "", {"SLUICE_STORE_KEY_FILE=" + file});
    CHECK(ended.code == 2);
    CHECK(ended.err.find(file + ": holds no key") != std::string::npos);
    CHECK(ended.err.find("s3cret") == std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::test
