#include "store/sqlite/migrations.h"

#include "test/contract/store_harness.h"

using namespace sluice;
using namespace sluice::sqlite;
using namespace sluice::test;

namespace {

int64_t number(Database& database, const char* sql) {
  auto statement = database.prepare(sql);
  REQUIRE(statement.ok());
  REQUIRE(statement->step() == SQLITE_ROW);
  return statement->read_int();
}

}  // namespace

TEST_CASE("An empty file is migrated once", "[migrations]") {
  ScratchFolder folder;
  auto database = Database::open(folder.path() + "/a.db", {});
  REQUIRE(database.ok());
  CHECK(number(*database, "PRAGMA user_version") == 0);
  REQUIRE(migrate(*database).ok());
  CHECK(number(*database, "PRAGMA user_version") == schema_version());
  REQUIRE(migrate(*database).ok());
  CHECK(number(*database, "SELECT count(*) FROM invocation") == 0);
}

TEST_CASE("A file of a later release is refused, and left alone", "[migrations]") {
  SqliteHarness at;
  at.store.reset();
  const std::string path = at.folder.path() + "/sluice.db";
  {
    auto database = Database::open(path, {});
    const std::string mark = "PRAGMA user_version=" + std::to_string(schema_version() + 1);
    REQUIRE(database->execute(mark.c_str(), "test").ok());
  }
  const auto opened = at.try_open();
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == Code::kRefused);
  CHECK_THAT(opened.error().message, Catch::Contains("later release"));
  auto database = Database::open(path, {});
  CHECK(number(*database, "PRAGMA user_version") == schema_version() + 1);
}

TEST_CASE("A step that fails leaves the file as it was", "[migrations]") {
  ScratchFolder folder;
  auto database = Database::open(folder.path() + "/a.db", {});
  REQUIRE(database->execute("CREATE TABLE code (in_the_way)", "test").ok());
  CHECK_FALSE(migrate(*database).ok());
  CHECK(number(*database, "PRAGMA user_version") == 0);
  CHECK(number(*database, "SELECT count(*) FROM sqlite_schema WHERE name = 'invocation'") == 0);
}

TEST_CASE("Actions of a file from before they could have a cap have none", "[migrations]") {
  ScratchFolder folder;
  auto database = Database::open(folder.path() + "/a.db", {});
  REQUIRE(migrate(*database).ok());
  for (const char* sql :
       {"ALTER TABLE invocation DROP COLUMN allow", "ALTER TABLE action DROP COLUMN allow",
        "ALTER TABLE invocation DROP COLUMN cpu_time_us", "DROP INDEX action_capped",
        "ALTER TABLE action DROP COLUMN max_concurrency", "PRAGMA user_version = 1",
        "INSERT INTO action VALUES ('default', 'old', 3, x'00', x'00', 1, 2, 3, 4, 5, 0)"})
    REQUIRE(database->execute(sql, "test").ok());
  REQUIRE(migrate(*database).ok());
  CHECK(number(*database, "SELECT version FROM action WHERE max_concurrency = 0") == 3);
}

TEST_CASE("Actions of a file from before they could be limited to plugins may use all") {
  ScratchFolder folder;
  auto database = Database::open(folder.path() + "/a.db", {});
  REQUIRE(migrate(*database).ok());
  for (const char* sql :
       {"ALTER TABLE invocation DROP COLUMN allow", "ALTER TABLE action DROP COLUMN allow",
        "PRAGMA user_version = 3",
        "INSERT INTO action (ns, name, version, source_hash, code_hash, stripped_bytes, timeout_ms,"
        " memory_kb, created_at, updated_at, deleted)"
        " VALUES ('default', 'old', 3, x'00', x'00', 1, 2, 3, 4, 5, 0)"})
    REQUIRE(database->execute(sql, "test").ok());
  REQUIRE(migrate(*database).ok());
  CHECK(number(*database, "SELECT version FROM action WHERE allow IS NULL") == 3);
}

TEST_CASE("A file that is no database is an error that names it", "[migrations]") {
  SqliteHarness at;
  at.store.reset();
  for (const auto& file : std::filesystem::directory_iterator(at.folder.path()))
    std::filesystem::remove(file.path());
  FILE* file = std::fopen((at.folder.path() + "/sluice.db").c_str(), "w");
  std::fputs(std::string(5'000, 'x').c_str(), file);
  std::fclose(file);
  const auto opened = at.try_open();
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == Code::kInternal);
  CHECK_THAT(opened.error().text(), Catch::Contains("sluice.db"));
}

TEST_CASE("The indexes that an ordinary job must not touch are partial", "[migrations]") {
  ScratchFolder folder;
  auto database = Database::open(folder.path() + "/a.db", {});
  REQUIRE(migrate(*database).ok());
  CHECK(number(*database,
               "SELECT count(*) FROM pragma_index_list('invocation') WHERE partial = 0") == 1);
}
