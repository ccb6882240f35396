#include "runner/code_cache.h"

#include "test/unit/runner/world.h"

namespace sluice::test {
namespace {

TEST_CASE("hot code is read from the store once") {
  World world;
  runner::CodeCache cache(world.store, world.compiler, world.log, "this build", 1 << 20);
  std::vector<runner::LoadedCode> got;
  const auto keep = [&](const Result<runner::LoadedCode>& code) { got.push_back(*code); };
  cache.get(world.code, keep);
  cache.get(world.code, keep);
  CHECK(got.empty());
  world.executor.turn();
  REQUIRE(got.size() == 2);
  CHECK(got[0] == got[1]);
  cache.get(world.code, keep);
  REQUIRE(got.size() == 3);  // at once
  CHECK(got[2] == got[0]);
}

TEST_CASE("bytecode of another Lua build is compiled anew and put back") {
  World world;
  const Sha256 old = world.put_code("old", "return 1", "another build");
  runner::CodeCache cache(world.store, world.compiler, world.log, "this build", 1 << 20);
  runner::LoadedCode got;
  cache.get(old, [&](const Result<runner::LoadedCode>& code) { got = *code; });
  world.executor.turn();
  REQUIRE(got != nullptr);
  CHECK(got->bytecode == "bytecode of return 1");
  CodePtr stored;
  world.store.find_code(old, [&](const Result<CodePtr>& code) { stored = *code; });
  world.executor.turn();
  CHECK(stored->lua_tag == "this build");
  CHECK(stored->bytecode == "bytecode of return 1");
}

TEST_CASE("the least recently used code makes room") {
  World world;
  const Sha256 second = world.put_code("second", "return 2", "this build");
  runner::CodeCache cache(world.store, world.compiler, world.log, "this build", /*max_bytes=*/10);
  runner::LoadedCode first_time, second_time;
  cache.get(world.code, [&](const Result<runner::LoadedCode>& code) { first_time = *code; });
  world.executor.turn();
  cache.get(second, [](const auto&) {});
  world.executor.turn();
  cache.get(world.code, [&](const Result<runner::LoadedCode>& code) { second_time = *code; });
  CHECK(second_time == nullptr);  // it had to be read again
  world.executor.turn();
  CHECK(second_time != nullptr);
  CHECK(second_time != first_time);
}

TEST_CASE("code that does not exist is an error for everyone who waits") {
  World world;
  runner::CodeCache cache(world.store, world.compiler, world.log, "this build", 1 << 20);
  int errors = 0;
  const auto count = [&](const Result<runner::LoadedCode>& code) { errors += !code.ok(); };
  cache.get(Sha256{}, count);
  cache.get(Sha256{}, count);
  world.executor.turn();
  CHECK(errors == 2);
}

}  // namespace
}  // namespace sluice::test
