// What a fresh state for each invocation costs: a new Lua state with its libraries, loaded and
// closed again, against a snapshot that is restored. Prints one line of JSON; times in nanoseconds,
// medians of several rounds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <lua.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/vm/vm.h"

namespace {

using sluice::sandbox::Vm;

constexpr char kTrivial[] = "function main(args)\n  return 1\nend\n";
constexpr char kHello[] =
    "function main(args)\n"
    "  if args.name == nil then\n"
    "    args.name = 'World'\n"
    "  end\n"
    "  return 'Hello ' .. args.name\n"
    "end\n";
constexpr char kHelloPayload[] = R"({"name":"Ada"})";

constexpr int kRounds = 9;
constexpr uint64_t kMemory = 16 << 20;

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "sluice-vm-bench: %s failed\n", what);
  std::exit(1);
}

template <class Body>
double median_ns(int runs, Body body) {
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto began = std::chrono::steady_clock::now();
    for (int run = 0; run < runs; ++run) body();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - began;
    rounds.push_back(spent.count() / runs);
  }
  std::sort(rounds.begin(), rounds.end());
  return rounds[rounds.size() / 2];
}

std::string compiled(const char* source) {
  auto code = sluice::sandbox::compile({"bench.lua", source}, kMemory);
  if (!code) give_up("compiling");
  return code->bytes;
}

// As a server without snapshots would do it.
void run_fresh(const std::string& bytecode) {
  lua_State* L = luaL_newstate();
  if (L == nullptr) give_up("making a state");
  luaL_openlibs(L);
  if (luaL_loadbufferx(L, bytecode.data(), bytecode.size(), "bench.lua", "b") != LUA_OK ||
      lua_pcall(L, 0, 0, 0) != LUA_OK)
    give_up("loading");
  lua_getglobal(L, "main");
  lua_newtable(L);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK || lua_tointeger(L, -1) != 1) give_up("running");
  lua_close(L);
}

void run_restored(Vm& vm, sluice::sandbox::CodeRef code, std::string_view payload) {
  const auto result = vm.run({code, payload, std::chrono::seconds(10), kMemory});
  if (result.outcome != sluice::Outcome::kSucceeded) give_up("running from the snapshot");
}

}  // namespace

int main() {
  auto made = Vm::create({});
  if (!made) give_up("making the VM");
  Vm& vm = **made;
  const std::string trivial = compiled(kTrivial);
  vm.load(1, "bench.lua", trivial);
  vm.load(2, "bench.lua", compiled(kHello));

  const double fresh = median_ns(2'000, [&] { run_fresh(trivial); });
  const double restored = median_ns(50'000, [&] { run_restored(vm, 1, {}); });
  const double hello = median_ns(50'000, [&] { run_restored(vm, 2, kHelloPayload); });
  std::printf(
      R"({"fresh_ns": %.0f, "snapshot_ns": %.0f, "ratio": %.1f, "hello_ns": %.0f, "rounds": %d})"
      "\n",
      fresh, restored, fresh / restored, hello, kRounds);
  return 0;
}
