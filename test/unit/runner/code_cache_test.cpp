#include "runner/code_cache.h"

#include "test/unit/runner/world.h"

namespace sluice::test {
namespace {

// Whether there was one recompilation, for that reason.
bool recompiled_for(const World& world, const std::string& reason) {
  const std::string text = world.metrics.text();
  size_t others = 0;
  for (const char* known : {"no_key", "unsealed", "other_build", "bad_seal"}) {
    const std::string line = std::string("sluice_code_recompiled_total{reason=\"") + known + "\"} ";
    const size_t at = text.find(line);
    REQUIRE(at != std::string::npos);
    const bool once = text.compare(at + line.size(), 2, "1\n") == 0;
    if (known == reason && !once) return false;
    if (known != reason && once) ++others;
  }
  return others == 0;
}

// A code of a world whose store somebody else can write to.
struct Attacked {
  World world;
  Sha256 hash = world.put_code("victim", "return 1", "this build");

  CodeRecord stored(const Sha256& which) {
    CodePtr record;
    world.store.find_code(which, [&](const Result<CodePtr>& code) { record = *code; });
    world.executor.turn();
    return *record;
  }
  CodeRecord stored() { return stored(hash); }

  void overwrite(const std::string& bytecode, const std::string& tag) {
    bool put = false;
    world.store.put_bytecode(hash, bytecode, tag, [&](const Status& status) { put = status.ok(); });
    world.executor.turn();
    REQUIRE(put);
  }

  // What a runner that starts now gets.
  Result<runner::LoadedCode> get(const Seal& seal) {
    runner::CodeCache cache(world.store, world.compiler, seal, world.log, world.metrics,
                            "this build", 1 << 20);
    Result<runner::LoadedCode> got = Error{};
    cache.get(hash, [&](const Result<runner::LoadedCode>& code) { got = code; });
    world.executor.turn();
    return got;
  }
  Result<runner::LoadedCode> get() { return get(world.seal); }
};

TEST_CASE("hot code is read from the store once") {
  World world;
  runner::CodeCache cache(world.store, world.compiler, world.seal, world.log, world.metrics,
                          "this build", 1 << 20);
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
  runner::CodeCache cache(world.store, world.compiler, world.seal, world.log, world.metrics,
                          "this build", 1 << 20);
  runner::LoadedCode got;
  cache.get(old, [&](const Result<runner::LoadedCode>& code) { got = *code; });
  world.executor.turn();
  REQUIRE(got != nullptr);
  CHECK(got->bytecode == "bytecode of return 1");
  CodePtr stored;
  world.store.find_code(old, [&](const Result<CodePtr>& code) { stored = *code; });
  world.executor.turn();
  const auto opened = world.seal.open(old, "this build", stored->lua_tag, stored->bytecode);
  CHECK(std::get<std::string_view>(opened) == "bytecode of return 1");
  CHECK(recompiled_for(world, "other_build"));
}

TEST_CASE("bytecode that was changed in the store is compiled anew and sealed again") {
  Attacked attacked;
  const CodeRecord good = attacked.stored();
  const std::string other_key =
      Seal(SealKey::random()).close(attacked.hash, "this build", "stored").bytes;
  const std::string other_code =
      attacked.stored(attacked.world.put_code("other", "return 2", "this build")).bytecode;
  const auto flipped = [&](size_t at) {
    std::string bytes = good.bytecode;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    return bytes;
  };
  const std::vector<std::pair<const char*, std::string>> changes = {
      {"a flipped bit in the bytecode", flipped(good.bytecode.size() - 1)},
      {"a flipped bit in the MAC", flipped(5)},
      {"cut off", good.bytecode.substr(0, good.bytecode.size() - 1)},
      {"shorter than a MAC", good.bytecode.substr(0, 31)},
      {"empty", ""},
      {"bare", "stored"},
      {"sealed with another key", other_key},
      {"of another action", other_code},
  };
  const auto& [what, bytes] = changes[GENERATE(range(size_t{0}, size_t{8}))];
  CAPTURE(what);
  attacked.overwrite(bytes, good.lua_tag);

  const auto got = attacked.get();
  REQUIRE(got.ok());
  CHECK((*got)->bytecode == "bytecode of return 1");
  CHECK(recompiled_for(attacked.world, "bad_seal"));

  const auto again = attacked.get();  // from what was put back
  CHECK((*again)->bytecode == "bytecode of return 1");
  CHECK(attacked.world.compiler.compiled == 1);
}

TEST_CASE("bytecode of another Lua build cannot pass as this one's") {
  Attacked attacked;
  const CodeRecord next =
      attacked.stored(attacked.world.put_code("next", "return 1", "another build"));
  REQUIRE(next.source == "return 1");
  attacked.hash = next.hash;
  attacked.overwrite(next.bytecode, attacked.stored(attacked.world.code).lua_tag);
  CHECK((*attacked.get())->bytecode == "bytecode of return 1");
  CHECK(recompiled_for(attacked.world, "bad_seal"));
}

TEST_CASE("bytecode as releases before the seal stored it is compiled anew and sealed") {
  Attacked attacked;
  attacked.overwrite("stored", "this build");
  CHECK((*attacked.get())->bytecode == "bytecode of return 1");
  CHECK(recompiled_for(attacked.world, "unsealed"));
  CHECK((*attacked.get())->bytecode == "bytecode of return 1");
  CHECK(attacked.world.compiler.compiled == 1);
}

TEST_CASE("without a key no stored bytecode is used, and none is put back") {
  Attacked attacked;
  const CodeRecord before = attacked.stored();
  const Seal none = Seal::none();
  CHECK((*attacked.get(none))->bytecode == "bytecode of return 1");
  CHECK(recompiled_for(attacked.world, "no_key"));
  CHECK(attacked.stored().bytecode == before.bytecode);
  CHECK((*attacked.get())->bytecode == "stored");  // those who have the key go on with it
}

TEST_CASE("what an API without a key stored is sealed by the first runner that has one") {
  Attacked attacked;
  const KeptBytecode kept = Seal::none().close(attacked.hash, "this build", "stored");
  attacked.overwrite(kept.bytes, kept.tag);
  CHECK((*attacked.get())->bytecode == "bytecode of return 1");
  CHECK(recompiled_for(attacked.world, "unsealed"));
  CHECK((*attacked.get())->bytecode == "bytecode of return 1");
  CHECK(attacked.world.compiler.compiled == 1);
}

TEST_CASE("a source that was changed in the store is not run") {
  Attacked attacked;
  CodeRecord changed = attacked.stored();
  SECTION("with its seal") {
    changed.source = "return 'something else'";
  }
  SECTION("without one") {
    changed.source = "return 'something else'";
    changed.bytecode.clear();
  }
  SECTION("under another name") {
    changed.chunk_name = "other.lua";
  }
  attacked.world.put_record("again", changed);

  const auto got = attacked.get();
  REQUIRE_FALSE(got.ok());
  CHECK(got.error().code == Code::kInvalid);
  CHECK(got.error().text().find("changed there; upload the action again") != std::string::npos);
  CHECK(attacked.world.compiler.compiled == 0);
}

TEST_CASE("the least recently used code makes room") {
  World world;
  const Sha256 second = world.put_code("second", "return 2", "this build");
  runner::CodeCache cache(world.store, world.compiler, world.seal, world.log, world.metrics,
                          "this build", /*max_bytes=*/10);
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
  runner::CodeCache cache(world.store, world.compiler, world.seal, world.log, world.metrics,
                          "this build", 1 << 20);
  int errors = 0;
  const auto count = [&](const Result<runner::LoadedCode>& code) { errors += !code.ok(); };
  cache.get(Sha256{}, count);
  cache.get(Sha256{}, count);
  world.executor.turn();
  CHECK(errors == 2);
}

}  // namespace
}  // namespace sluice::test
