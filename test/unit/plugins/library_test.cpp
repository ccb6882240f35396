// Which libraries a server starts with, and what it says of the others.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "hosted.h"

namespace sluice::test {
namespace {

using Catch::Contains;
using Catch::StartsWith;

Error refusal_of(const plugins::PluginOptions& plugin) {
  Hosted world({plugin});
  REQUIRE_FALSE(world.opened.ok());
  CHECK_THAT(world.opened.error().message,
             StartsWith("config.lua:7: Plugin \"" + plugin.instance.name + "\": "));
  return world.opened.error();
}

std::string said_of(const std::string& file) {
  const Error error = refusal_of(plugin_named("bad", file));
  CHECK(error.code == Code::kInvalid);
  CHECK_THAT(error.message, Contains(std::string(SLUICE_TEST_PLUGINS "/") + file));
  return error.message;
}

TEST_CASE("a library that is nowhere: each place that was looked at is named") {
  plugins::PluginOptions plugin = plugin_named("mongo", "mongo.so");
  plugin.library.folders = {"/nowhere/conf", "/nowhere/lib"};
  CHECK_THAT(refusal_of(plugin).message,
             Contains("there is no /nowhere/conf/mongo.so, and no /nowhere/lib/mongo.so"));
  plugin.library.file = "/nowhere/at/all.so";
  CHECK_THAT(refusal_of(plugin).message, Contains("there is no /nowhere/at/all.so"));
}

TEST_CASE("the first folder that has the file wins, even if its file is wrong") {
  char folder[] = "/tmp/sluice-plugins-XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  std::ofstream(std::string(folder) + "/log.so") << "no library";
  plugins::PluginOptions plugin = plugin_named("log", "log.so");
  plugin.library.folders = {folder, SLUICE_TEST_PLUGINS};
  CHECK_THAT(refusal_of(plugin).message, Contains("/log.so cannot be loaded: "));
  plugin.library.folders = {SLUICE_TEST_PLUGINS, folder};
  CHECK(Hosted({plugin}).opened.ok());
  plugin.library = {std::string(folder) + "/log.so", {SLUICE_TEST_PLUGINS}};
  CHECK_THAT(refusal_of(plugin).message, Contains("cannot be loaded"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a library that is no plugin, or not one for this server, is refused with the reason") {
  CHECK_THAT(said_of("bad_no_entry.so"),
             Contains("is no Sluice plugin: it has no sluice_plugin_entry"));
  CHECK_THAT(said_of("bad_entry_null.so"), Contains("cannot work with version 1 of the interface"));
  CHECK_THAT(said_of("bad_abi_2.so"),
             Contains("was built for version 2 of the interface; this server has 1"));
  CHECK_THAT(said_of("bad_small_struct.so"), Contains("says struct_size 8; version 1"));
  CHECK_THAT(said_of("bad_no_call.so"), Contains("lacks one of open, call and close"));
  CHECK_THAT(said_of("bad_no_name.so"), Contains("has no name"));
  CHECK_THAT(said_of("bad_no_actions.so"), Contains("has no actions"));
  CHECK_THAT(said_of("bad_null_actions.so"), Contains("has no actions"));
  CHECK_THAT(said_of("bad_empty_action.so"), Contains("has an action, number 2, whose name"));
  CHECK_THAT(said_of("bad_unprintable_action.so"), Contains("has an action, number 1, whose name"));
  CHECK_THAT(said_of("bad_same_action.so"), Contains("has the action 'get' twice"));
}

TEST_CASE("a plugin that does not open says why in its own words") {
  const Error error = refusal_of(plugin_named("db", "bad_open_fails.so"));
  CHECK(error.code == Code::kUnavailable);
  CHECK_THAT(error.message, Contains("does not open: 'url' is missing: where the database is"));
  CHECK_THAT(refusal_of(plugin_named("db", "bad_open_fails_silently.so")).message,
             Contains("open() returned 7 and does not say why"));
  CHECK_THAT(refusal_of(plugin_named("db", "bad_open_fills_error.so")).message,
             Contains("does not open: \uFFFD"));
}

TEST_CASE("a plugin that follows one that fails is not opened, one before it is closed") {
  const Gate gate;
  {
    Hosted world({plugin_named("a", "gate.so"), plugin_named("b", "bad_open_fails.so")});
    CHECK_FALSE(world.opened.ok());
  }
  CHECK(gate.state().closed == 1);
}

TEST_CASE("the frozen version 1 of the interface has not been touched") {
  std::ifstream file(SLUICE_SOURCE_DIR "/test/unit/plugins/version1/plugin.h", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  INFO("Whatever plugin.h becomes: plugins out there were built with what stood in this copy.");
  CHECK(sha256(text).hex() == "a3d2f248247b4ed0a2715955018f2f49447bed07f42d8f571d661b468626dc3d");
}

TEST_CASE("a plugin that was built with the frozen version 1 of the interface is served") {
  plugins::PluginOptions plugin = plugin_named("old", "version1.so");
  plugin.instance.config = R"({"a":1})";
  plugin.instance.concurrency = 3;
  plugin.instance.timeout = Millis(1'234);
  Hosted world({plugin});
  REQUIRE(world.opened.ok());
  const plugins::Answer about = world.ask("old", "about");
  CHECK(about.ok);
  CHECK(about.text == R"({"concurrency":3,"timeout_ms":1234,"config_bytes":7})");
  CHECK(world.ask("old", "echo", "[1,2,3]").text == "[1,2,3]");
  const plugins::Answer failed = world.ask("old", "fail");
  CHECK_FALSE(failed.ok);
  CHECK(failed.text == "as you wish");
}

}  // namespace
}  // namespace sluice::test
