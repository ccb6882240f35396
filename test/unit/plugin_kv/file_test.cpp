// Files that are no store, or a damaged one.
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>

#include "test/unit/plugin_kv/kv_world.h"

namespace sluice::test {
namespace {

using Catch::Contains;

void sql(const std::string& path, const char* text) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  CHECK(sqlite3_exec(database, text, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

std::string refusal(KvWorld& at) {
  const std::string said = failure_of([&] { at.open(); });
  CHECK_THAT(said, Contains("'" + at.path() + "'"));
  return said;
}

TEST_CASE("A file that is no database is refused and left as it is") {
  KvWorld at;
  at.store.reset();
  const std::string text(5000, 'x');
  at.folder.write("kv.db", text);
  CHECK_THAT(refusal(at), Contains("is no SQLite database"));
  CHECK(read_file(at.path()) == text);
}

TEST_CASE("Another program's database is refused and left as it is") {
  KvWorld at;
  at.store.reset();
  std::filesystem::remove(at.path());
  sql(at.path(), "CREATE TABLE theirs(a); INSERT INTO theirs VALUES(1)");
  const std::string before = read_file(at.path());
  CHECK_THAT(refusal(at), Contains("no store of the plugin kv"));
  CHECK(read_file(at.path()) == before);
}

TEST_CASE("A store of a later release is refused") {
  KvWorld at;
  at.set("k", "1");
  at.store.reset();
  sql(at.path(), "PRAGMA user_version = 2");
  CHECK_THAT(refusal(at), Contains("later release") && Contains("schema 2"));
}

TEST_CASE("A store without its tables is refused") {
  KvWorld at;
  at.store.reset();
  sql(at.path(), "DROP TABLE counters");
  CHECK_THAT(refusal(at), Contains("no such table"));
}

TEST_CASE("A damaged page is found when the file is opened") {
  KvWorld at;
  for (int i = 0; i < 200; ++i)
    at.set("k" + std::to_string(i), "\"" + std::string(2000, 'x') + "\"");
  at.store.reset();
  {
    std::fstream file(at.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 4);  // behind the schema
    file << std::string(4096 * 8, '\xa5');
  }
  CHECK_THAT(refusal(at), Contains("is damaged"));
}

TEST_CASE("A truncated file is refused") {
  KvWorld at;
  for (int i = 0; i < 200; ++i)
    at.set("k" + std::to_string(i), "\"" + std::string(2000, 'x') + "\"");
  at.store.reset();
  std::filesystem::resize_file(at.path(), 4096 * 10);
  CHECK_THAT(refusal(at), Contains("is damaged"));
}

TEST_CASE("A folder, and a file in a folder that is not there, are refused") {
  KvWorld at;
  at.store.reset();
  std::filesystem::remove(at.path());
  std::filesystem::create_directory(at.path());
  CHECK_THAT(refusal(at), Contains("is no file"));
  kv::StoreOptions options;
  options.path = at.folder / "none/kv.db";
  CHECK_THAT(failure_of([&] { kv::Store store(options); }),
             Contains(options.path) && Contains("No such file"));
}

TEST_CASE("The file is for its owner alone") {
  KvWorld at;
  at.set("k", "1");
  for (const char* end : {"", "-wal", "-shm"}) {
    struct stat status = {};
    REQUIRE(stat((at.path() + end).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}

}  // namespace
}  // namespace sluice::test
