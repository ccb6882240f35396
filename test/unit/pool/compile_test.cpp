#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <sstream>

#include "pool_fixture.h"

using namespace sluice;
using sluice::test::PoolFixture;

namespace {

Result<Bytecode> compile(PoolFixture& fixture, Source source) {
  std::unique_ptr<Result<Bytecode>> answer;
  fixture.pool().compile(std::move(source), [&](Result<Bytecode> result) {
    answer = std::make_unique<Result<Bytecode>>(std::move(result));
  });
  REQUIRE(fixture.until([&] { return answer != nullptr; }));
  return std::move(*answer);
}

}  // namespace

TEST_CASE("A source becomes bytecode of the workers' Lua build") {
  PoolFixture fixture;
  const auto bytecode = compile(fixture, {"hello.lua", "function main() return 'hello' end"});
  REQUIRE(bytecode.ok());
  CHECK(bytecode.value().bytes.substr(0, 4) == "\x1bLua");
  CHECK(bytecode.value().stripped_bytes > 0);
  CHECK(bytecode.value().stripped_bytes < bytecode.value().bytes.size());
  REQUIRE(fixture.until([&] { return !fixture.pool().lua_tag().empty(); }));
  CHECK(bytecode.value().lua_tag == fixture.pool().lua_tag());
}

TEST_CASE("A syntax error names file and line") {
  PoolFixture fixture;
  const auto refused = compile(fixture, {"bad.lua", "function main()\n  return +\nend"});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::kInvalid);
  CHECK(refused.error().message.find("bad.lua:2:") == 0);
}

TEST_CASE("A source nested too deeply is an error, not a crash") {
  PoolFixture fixture;
  const std::string open(100'000, '(');
  const auto refused =
      compile(fixture, {"deep.lua", "return " + open + "1" + std::string(100'000, ')')});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::kInvalid);
  CHECK(refused.error().message.find("deep.lua:1:") == 0);
}

TEST_CASE("A source over the limit is refused with both sizes") {
  PoolFixture fixture;
  const auto refused = compile(fixture, {"big.lua", std::string((512 << 10) + 1, ' ')});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::kInvalid);
  CHECK(refused.error().message == "big.lua: the source is 524289 bytes long, the limit is 524288");
}

TEST_CASE("A compilation that takes too long is killed") {
  auto options = PoolFixture::defaults(1);
  options.compile_timeout = Millis(1);
  PoolFixture fixture(options);
  std::string source = "return {";
  while (source.size() < 500'000) source += "{1,2,{}},";
  const auto refused = compile(fixture, {"slow.lua", source + "}"});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::kInvalid);
  CHECK(refused.error().message == "slow.lua: compiling took longer than 1 ms");
}

TEST_CASE("A compiler that somebody kills is not the source's fault") {
  PoolFixture fixture(PoolFixture::defaults(1));
  std::string source = "return {";
  for (int i = 0; i < 60'000; ++i) source += "{},";
  std::unique_ptr<Result<Bytecode>> compiled;
  // By its own number among this process's children; it says "compile" of itself.
  const auto kill_compiler = [] {
    std::ifstream children("/proc/self/task/" + std::to_string(getpid()) + "/children");
    for (pid_t child; children >> child;) {
      std::ifstream file("/proc/" + std::to_string(child) + "/cmdline");
      std::stringstream text;
      text << file.rdbuf();
      if (text.str().find(std::string("\0compile\0", 9)) != std::string::npos) kill(child, SIGKILL);
    }
  };
  fixture.pool().compile({"slow.lua", source + "}"}, [&](Result<Bytecode> result) {
    compiled = std::make_unique<Result<Bytecode>>(std::move(result));
  });
  REQUIRE(fixture.until([&] {
    kill_compiler();
    return compiled != nullptr;
  }));
  REQUIRE_FALSE(compiled->ok());
  CHECK(compiled->error().code == Code::kUnavailable);
}

TEST_CASE("Too many compilations at once are refused, the others are served") {
  PoolFixture fixture;
  size_t served = 0;
  size_t full = 0;
  for (int i = 0; i < 100; ++i) {
    fixture.pool().compile({"a.lua", "return 1"}, [&](Result<Bytecode> result) {
      if (result.ok())
        ++served;
      else if (result.error().code == Code::kFull)
        ++full;
    });
  }
  REQUIRE(fixture.until([&] { return served + full == 100; }));
  CHECK(served == 66);
}

TEST_CASE("Stopping the pool answers the compilations") {
  PoolFixture fixture;
  size_t answered = 0;
  for (int i = 0; i < 5; ++i) {
    fixture.pool().compile({"a.lua", "return 1"}, [&](Result<Bytecode> result) {
      ++answered;
      CHECK_FALSE(result.ok());
    });
  }
  bool stopped = false;
  fixture.pool().stop(Millis(1000), [&] { stopped = true; });
  fixture.pool().compile({"late.lua", "return 1"}, [&](Result<Bytecode> result) {
    ++answered;
    CHECK_FALSE(result.ok());
    CHECK(result.error().code == Code::kUnavailable);
  });
  REQUIRE(fixture.until([&] { return stopped && answered == 6; }));
}
