// Plugins, as a server finds them, and what it says when it cannot start with one.
#include <catch2/catch.hpp>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

using Catch::Contains;

const std::string kPlugins = SLUICE_BIN_DIR "/../test/plugins/";

// Ends by itself: it cannot start.
Exit serve(const TempFolder& folder, const std::string& config) {
  return run_program({program("sluice"), "serve", "--listen", "127.0.0.1:0", "--data",
                      (folder / "data").string(), "--config", folder.write("config.lua", config)});
}

std::string block(const std::string& name, const std::string& file) {
  return "Plugin \"" + name + "\" { file = \"" + file + "\" }\n";
}

TEST_CASE("a server does not start with a plugin that is missing or wrong, and says what it is") {
  struct Case {
    const char* file;
    const char* says;
    int code;
  };
  const Case cases[] = {
      {"nowhere.so", "there is no ", 2},
      {"bad_no_entry.so", "is no Sluice plugin: it has no sluice_plugin_entry", 2},
      {"bad_entry_null.so", "cannot work with version 1 of the interface", 2},
      {"bad_abi_2.so", "was built for version 2 of the interface; this server has 1", 2},
      {"bad_small_struct.so", "says struct_size 8", 2},
      {"bad_no_actions.so", "has no actions", 2},
      {"bad_open_fails.so", "does not open: 'url' is missing: where the database is", 1},
      {"bad_open_fails_silently.so", "open() returned 7 and does not say why", 1},
  };
  for (const Case& one : cases) {
    const TempFolder folder;
    const Exit ended = serve(folder, "\n" + block("db", kPlugins + one.file));
    INFO(one.file << ": " << ended.err);
    CHECK(ended.code == one.code);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains((folder / "config.lua").string() + ":2: Plugin \"db\": "));
    CHECK_THAT(ended.err, Contains(one.says));
  }
}

TEST_CASE("a file that is no shared library is refused with the loader's words") {
  const TempFolder folder;
  folder.write("text.so", "not a library");
  const Exit ended = serve(folder, block("db", "text.so"));
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err, Contains((folder / "text.so").string() + " cannot be loaded: "));
}

TEST_CASE("a relative file is looked for beside the configuration, then among the plugins") {
  const TempFolder folder;
  const Exit ended = serve(folder, "Plugin \"nothing\" {}");
  CHECK(ended.code == 2);
  const std::string installed =
      std::filesystem::path(SLUICE_BIN_DIR "/../plugins/nothing.so").lexically_normal().string();
  CHECK_THAT(ended.err,
             Contains("there is no " + (folder / "nothing.so").string() + ", and no " + installed));
}

TEST_CASE("a server says which plugins it has, before it listens") {
  const TempFolder folder;
  std::filesystem::copy_file(kPlugins + "log.so", folder / "log.so");
  Server server(
      folder / "data",
      {"--config",
       folder.write("config.lua", "Plugin \"log\" {}\n" + block("old", kPlugins + "version1.so"))});
  CHECK_THAT(server.log(), Contains("Plugin 'log' 0.1.0 (log, echo)"));
  CHECK_THAT(server.log(), Contains("Plugin 'old': version1 1.0.0 (echo, about, fail)"));
  CHECK(server.stop() == 0);
}

TEST_CASE("a server that runs no jobs loads no plugins") {
  const TempFolder folder;
  Server server(folder / "data", {"--workers", "0", "--config",
                                  folder.write("config.lua", block("db", "/nowhere.so"))});
  CHECK(server.stop() == 0);
}

TEST_CASE("a plugin that does not close keeps no server from ending") {
  const TempFolder folder;
  Server server(
      folder / "data",
      {"--config", folder.write("config.lua", block("bad", kPlugins + "bad_close_hangs.so"))});
  server.signal(SIGTERM);
  CHECK(server.log_has("Plugin 'bad' has not closed in time"));
  CHECK(server.wait() == 0);
}

TEST_CASE("Lua code reaches plugins, and catches their errors") {
  const TempFolder folder;
  const std::string config = block("log", kPlugins + "log.so") +
                             block("rude", kPlugins + "rude.so") + "Plugin \"slow\" { file = \"" +
                             kPlugins + "sleep.so\", concurrency = 1, timeout = 50 }\n";
  Server server(folder / "data", {"--config", folder.write("config.lua", config)});
  Http http(server.url());
  REQUIRE(http.create("ask", R"(
function main(args)
  local ok, answer = pcall(call, args.plugin, args.action, args.payload)
  return {ok, answer}
end)")
              .status == 200);
  const auto ask = [&](const std::string& plugin, const std::string& action,
                       const std::string& payload = "{}") {
    return http
        .block("ask", R"({"plugin":")" + plugin + R"(","action":")" + action + R"(","payload":)" +
                          payload + "}")
        .body;
  };
  CHECK_THAT(ask("log", "echo", R"({"n":9007199254740993,"x":0.1})"),
             Contains(R"([true,{"n":9007199254740993,"x":0.1}])"));
  CHECK(server.log_has("Plugin 'log': {\"n\":9007199254740993,\"x\":0.1}"));
  CHECK_THAT(ask("lg", "echo"), Contains("there is no plugin 'lg'; there are log, rude, slow"));
  CHECK_THAT(ask("log", "eco"), Contains("plugin 'log' has no action 'eco'; it has log, echo"));
  CHECK_THAT(ask("rude", "not_json"), Contains("plugin 'rude' answered what is no JSON"));
  CHECK_THAT(ask("rude", "twice"), Contains("[true,1]"));
  CHECK_THAT(ask("slow", "sleep", R"({"ms":200})"),
             Contains("plugin 'slow' did not answer within 50 ms"));
  CHECK_THAT(ask("slow", "sleep", "[]"), Contains("did not answer") || Contains("'ms' is missing"));
  CHECK(server.stop() == 0);
}

TEST_CASE("a plugin that does not come back keeps no server from ending") {
  const TempFolder folder;
  Server server(folder / "data",
                {"--grace", "100ms", "--config",
                 folder.write("config.lua", block("sleep", kPlugins + "sleep.so"))});
  Http http(server.url());
  REQUIRE(http.create("nap", "function main() pcall(call, 'sleep', 'sleep', {ms = 600000}) end", 50)
              .status == 200);
  // Its own time is over, which no pcall holds up; the thread sleeps on.
  CHECK_THAT(http.block("nap").body, Contains("\"err\":2"));
  server.signal(SIGTERM);
  CHECK(server.log_has("Plugin 'sleep' has not answered 1 calls in time: it is left as it is"));
  CHECK(server.wait() == 0);
}

TEST_CASE("the settings show what is the server's of a plugin, and nothing of what is its own") {
  const TempFolder folder;
  const std::string file = folder.write(
      "config.lua", "Plugin \"db\" { timeout = \"5s\", url = \"mongodb://me:hush@host\" }");
  const Exit shown = run_program({program("sluice"), "config", "--config", file});
  CHECK(shown.code == 0);
  CHECK_THAT(shown.out, Contains("plugin.db.file") && Contains("db.so"));
  CHECK_THAT(shown.out, Contains("plugin.db.timeout"));
  CHECK_THAT(shown.out, !Contains("hush") && !Contains("mongodb://me"));
}

}  // namespace
}  // namespace sluice::test
