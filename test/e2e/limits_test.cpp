// The plain hostile cases: each ends with the right code while everyone else goes on.
#include <catch2/catch.hpp>
#include <csignal>
#include <sstream>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

struct Case {
  const char* name;
  const char* source;
  int timeout_ms;
  int maxmem_kb;
  const char* err;
};

const Case kCases[] = {
    {"loop", "function main() while true do end end", 100, 0, "2"},
    {"loop-pcall", "function main() while true do pcall(function() while true do end end) end end",
     100, 0, "2"},
    {"loop-xpcall",
     "function main() local function spin() while true do end end xpcall(error, spin) spin() end",
     100, 0, "2"},
    {"loop-coroutine",
     "function main() while true do coroutine.wrap(function() while true do end end)() end end",
     100, 0, "2"},
    {"loop-coroutine-pcall",
     "function main() while true do pcall(coroutine.wrap(function() while true do pcall(error) end "
     "end)) end end",
     100, 0, "2"},
    {"loop-top-level", "while true do end function main() end", 100, 0, "2"},
    {"memory", "function main() local t = {} while true do t[#t + 1] = 'x' .. #t end end", 20'000,
     4'096, "7"},
    {"memory-string", "function main() local s = 'x' while true do s = s .. s end end", 20'000,
     4'096, "7"},
    {"recursion", "function main() local function f() return 1 + f() end return f() end", 20'000, 0,
     "6"},
    {"find-too-complex",
     "function main() return string.find(string.rep('a', 3000), string.rep('a?', 3000) .. 'b') end",
     20'000, 0, "6"},
    {"find-backtrack", "function main() return ('a'):rep(200):find(('.-'):rep(30) .. 'b') end", 200,
     0, "2"},
    {"top-level", "error('no start') function main() end", 0, 0, "4"},
    {"no-main", "x = 1", 0, 0, "5"},
    {"error", "function main() error({}) end", 0, 0, "6"},
};

TEST_CASE("a job that misbehaves ends with its code, and its neighbours go on") {
  TempFolder data;
  Server server(data.path());
  Http http(server.url());
  REQUIRE(http.create("neighbour", "function main(args) return args.n end").status == 200);
  for (const Case& c : kCases) {
    INFO(c.name);
    REQUIRE(http.create(c.name, c.source, c.timeout_ms, c.maxmem_kb).status == 200);
    const Reply reply = http.block(c.name);
    INFO(reply.body);
    CHECK(reply.status == 500);
    CHECK(json_member(reply.body, "err") == c.err);
    CHECK(http.block("neighbour", R"({"n":42})").body == "42");
  }
  CHECK(server.stop() == 0);
}

TEST_CASE("nothing of one invocation is seen by the next") {
  TempFolder data;
  Server server(data.path(), {"--workers", "1"});
  Http http(server.url());
  REQUIRE(http.create("trace", R"(
    local seen = 0
    function main()
      seen = seen + 1
      local before = {seen, counter == nil, string.mark == nil, ("").mark == nil, math.pi}
      counter = 1
      string.mark = true
      getmetatable("").__index = {mark = true}
      math.pi = 3
      return before
    end)")
              .status == 200);
  const std::string first = http.block("trace").body;
  CHECK(first.find("[1,true,true,true,3.14159") == 0);
  for (int i = 0; i < 20; ++i) CHECK(http.block("trace").body == first);
}

TEST_CASE("a worker that was killed is replaced") {
  TempFolder data;
  Server server(data.path(), {"--workers", "2"});
  Http http(server.url());
  REQUIRE(http.create("hello", "function main() return 'hi' end").status == 200);
  for (int round = 0; round < 5; ++round) {
    for (pid_t worker : server.workers()) kill(worker, SIGKILL);
    CHECK(http.block("hello").body == R"("hi")");
  }
}

// More of the CPU, in clock ticks, than a worker needs to start, also with a sanitizer.
constexpr long kBusyTicks = 50;

// What a process has used of the CPU, in clock ticks.
long cpu_ticks(pid_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long user = 0;
  fields >> user;
  return user;
}

TEST_CASE("a job under which its worker dies is tried again, and given up after three") {
  TempFolder data;
  Server server(data.path(), {"--workers", "1"});
  Http http(server.url());
  REQUIRE(http.create("long", "function main() while true do end end", 60'000).status == 200);
  const std::string id = http.post("/actions/long").invocation_id();
  REQUIRE_FALSE(id.empty());
  REQUIRE(eventually([&] {
    for (pid_t worker : server.workers()) {
      if (cpu_ticks(worker) > kBusyTicks)
        kill(worker, SIGKILL);  // it is the one that runs the loop
    }
    return json_member(http.get("/invocations/" + id).body, "state") == "dead";
  }));
  const Reply reply = http.resolve(id);
  CHECK(reply.status == 500);
  CHECK(json_member(http.get("/invocations/" + id).body, "outcome") == "dead");
}

TEST_CASE("what a job prints is kept, and cut where it is too much") {
  TempFolder data;
  Server server(data.path());
  Http http(server.url());
  REQUIRE(http.create("chatty",
                      "function main() for i = 1, 100000 do print('line', i) end return 1 end")
              .status == 200);
  const Reply reply = http.block("chatty");
  REQUIRE(reply.status == 200);
  std::string logs;
  REQUIRE(eventually([&] {
    logs = json_member(http.get("/invocations/" + reply.invocation_id()).body, "logs");
    return !logs.empty();
  }));
  CHECK(logs.find("line\t1\nline\t2\n") == 0);
  CHECK(logs.size() <= 65 * 1024);
  CHECK(logs.find("cut") != std::string::npos);
}

TEST_CASE("the record of a job tells what it had of the processor") {
  TempFolder data;
  Server server(data.path());
  Http http(server.url());
  const std::string busy =
      "function main() local n = 0 for i = 1, 2e6 do n = n + i end return n end";
  REQUIRE(http.create("busy", busy).status == 200);
  const std::string id =
      json_member(http.request("POST", "/actions/busy", "{}").body, "InvocationId");
  CHECK(eventually(
      [&] { return json_member(http.get("/invocations/" + id).body, "state") == "done"; }));
  const std::string record = http.get("/invocations/" + id).body;
  INFO(record);
  CHECK(std::stod(json_member(record, "cpu_ms")) > 0);
  CHECK(std::stod(json_member(record, "cpu_ms")) <= std::stod(json_member(record, "run_ms")));
}

}  // namespace
}  // namespace sluice::test
