// Somebody else writes into the database: no bytecode of theirs is run.
#include <sqlite3.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

namespace fs = std::filesystem;

struct CloseSqlite {
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};

// Changes the one code of a stopped server.
void write_into(const TempFolder& data, const std::string& statement) {
  sqlite3* opened = nullptr;
  REQUIRE(sqlite3_open_v2((data / "sluice.db").c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr) ==
          SQLITE_OK);
  const std::unique_ptr<sqlite3, CloseSqlite> database(opened);
  REQUIRE(sqlite3_exec(opened, statement.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_changes(opened) == 1);
}

// A stopped server's folder, with an action that doubles.
struct Stopped {
  TempFolder data;
  Stopped() {
    Server server(data.path(), {"--workers", "1"});
    Http http(server.url());
    REQUIRE(http.create("double", "function main(n) return 2 * n end").status == 200);
    REQUIRE(http.block("double", "21").body == "42");
    REQUIRE(server.stop() == 0);
  }
};

// Starts it, has the action run, and stops it; how many recompilations it counts for that reason.
std::string recompiled(const TempFolder& data, const std::string& reason,
                       const std::string& logged) {
  Server server(data.path(), {"--workers", "1"});
  Http http(server.url());
  CHECK(http.block("double", "21").body == "42");
  const std::string metrics = http.get("/metrics").body;
  const std::string name = "sluice_code_recompiled_total{reason=\"" + reason + "\"} ";
  const size_t at = metrics.find(name);
  REQUIRE(at != std::string::npos);
  if (!logged.empty()) CHECK(server.log_has(logged));
  REQUIRE(server.stop() == 0);
  return metrics.substr(at + name.size(), metrics.find('\n', at) - at - name.size());
}

TEST_CASE("bytecode that was changed in the database is not run, but made again") {
  Stopped server;
  const std::string change = GENERATE(
      // A bit in the middle of it, one of the MAC, random bytes, an end that is missing, nothing.
      as<std::string>(),
      "CAST(substr(bytecode, 1, length(bytecode) / 2) || "
      "CASE substr(bytecode, length(bytecode) / 2 + 1, 1) WHEN x'00' THEN x'01' ELSE x'00' END || "
      "substr(bytecode, length(bytecode) / 2 + 2) AS BLOB)",
      "CAST(CASE substr(bytecode, 1, 1) WHEN x'00' THEN x'01' ELSE x'00' END || "
      "substr(bytecode, 2) AS BLOB)",
      "randomblob(length(bytecode))", "substr(bytecode, 1, length(bytecode) - 1)", "x''");
  CAPTURE(change);
  write_into(server.data, "UPDATE code SET bytecode = " + change);
  CHECK(recompiled(server.data, "bad_seal",
                   "Recompiling double.lua: its bytecode in the store was changed") == "1");
  CHECK(recompiled(server.data, "bad_seal", "") == "0");  // it was put back
}

TEST_CASE("bytecode of a release before the seal is compiled once more, and kept sealed") {
  Stopped server;
  write_into(server.data,
             "UPDATE code SET bytecode = substr(bytecode, 33), lua_tag = substr(lua_tag, 9)");
  CHECK(recompiled(server.data, "unsealed",
                   "Compiling double.lua: its bytecode was stored without a seal") == "1");
  CHECK(recompiled(server.data, "unsealed", "") == "0");
}

TEST_CASE("with another key everything is compiled once more") {
  Stopped server;
  const fs::path key = server.data / "code.key";
  struct stat about = {};
  REQUIRE(stat(key.c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0600);
  const std::string before = read_file(key);

  std::string logged = "sealed with another key";
  SECTION("one that was lost") {
    fs::remove(key);
  }
  SECTION("one that was cut off") {
    fs::resize_file(key, 10);
  }
  SECTION("one that others could read") {
    fs::permissions(key, fs::perms(0644));
    logged = "could be read by others (mode 0644): it is replaced by a new key";
  }
  CHECK(recompiled(server.data, "bad_seal", logged) == "1");
  CHECK(recompiled(server.data, "bad_seal", "") == "0");
  CHECK(read_file(key) != before);
}

TEST_CASE("a key that is given is used, and none is made") {
  TempFolder data;
  const std::string key(64, 'a');
  const bool in_file = GENERATE(false, true);
  const Environment given = {in_file ? "SLUICE_STORE_KEY_FILE=" + data.write("key", key)
                                     : "SLUICE_STORE_KEY=" + key};
  const auto run = [&](const Environment& environment) {
    Server server(data / "data", {"--workers", "1"}, environment);
    Http http(server.url());
    http.create("double", "function main(n) return 2 * n end");
    CHECK(http.block("double", "21").body == "42");
    CHECK(server.stop() == 0);
    return server.log();
  };
  run(given);
  CHECK_FALSE(fs::exists(data / "data/code.key"));
  const std::string log = run({"SLUICE_STORE_KEY=" + key});
  CHECK(log.find("ompiling") == std::string::npos);
  CHECK(log.find(key) == std::string::npos);
  CHECK(run({}).find("sealed with another key") != std::string::npos);
}

TEST_CASE("data in memory leaves no key behind") {
  TempFolder data;
  Server server(data / "data", {"--workers", "1", "--store", "memory"});
  Http http(server.url());
  CHECK(http.create("double", "function main(n) return 2 * n end").status == 200);
  CHECK(http.block("double", "21").body == "42");
  CHECK_FALSE(fs::exists(data / "data/code.key"));
}

TEST_CASE("a source that was changed in the database is not run") {
  Stopped stopped;
  write_into(stopped.data,
             "UPDATE code SET source = CAST('function main() return 1 end' AS BLOB), "
             "bytecode = x'', lua_tag = ''");
  Server server(stopped.data.path(), {"--workers", "1"});
  Http http(server.url());
  const Reply reply = http.block("double", "21");
  CHECK(reply.status != 200);
  CHECK(reply.body.find("upload the action again") != std::string::npos);
  CHECK(server.log_has("Cannot run 'double'"));

  const Reply again = http.request("PUT", "/actions/double",
                                   action_body("double", "function main(n) return 2 * n end"));
  REQUIRE(again.status == 200);
  CHECK(http.block("double", "21").body == "42");
}

}  // namespace
}  // namespace sluice::test
