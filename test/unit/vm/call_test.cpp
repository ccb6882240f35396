// Invocations that call plugins: their turns, and where code may stand meanwhile.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <vector>

#include "fixture.h"
#include "sandbox/vm/deadline.h"

using namespace sluice::sandbox;
using sluice::Outcome;

namespace {

VmOptions with_slots(SlotNumber slots) {
  VmOptions options;
  options.max_memory_bytes = 16 << 20;
  options.max_slots = slots;
  return options;
}

// Runs a source with a plugin "echo", which answers each payload with itself: at once, but after
// every other slot had its turns.
class Plugged {
 public:
  explicit Plugged(SlotNumber slots = 4) : Plugged(with_slots(slots)) {}
  explicit Plugged(VmOptions options) : vm(options) {}

  SlotNumber begin(const std::string& source, const std::string& payload = "") {
    const CodeRef code = vm.load(source);
    const auto slot = vm.vm().free_slot();
    REQUIRE(slot.has_value());
    payloads.push_back(std::make_unique<std::string>(payload));
    turn[*slot] = vm.vm().begin(*slot, {code, *payloads.back(), vm.timeout, vm.memory_bytes});
    note(*slot);
    return *slot;
  }

  void answer(SlotNumber slot, bool ok, std::string_view text) {
    turn[slot] = vm.vm().go_on(slot, {ok, text});
    note(slot);
  }

  // Goes on until the invocation has ended, echoing.
  std::string finish(SlotNumber slot) {
    while (turn[slot] != Turn::kEnded) {
      if (turn[slot] == Turn::kCalls) {
        answer(slot, true, std::string(asked[slot]));
      } else {
        turn[slot] = vm.vm().go_on(slot);
        note(slot);
      }
    }
    return results[slot];
  }

  std::string value(const std::string& source) { return finish(begin(source)); }

  TestVm vm;
  std::map<SlotNumber, Turn> turn;
  std::map<SlotNumber, std::string> results;  // of those that ended
  size_t calls = 0;

 private:
  void note(SlotNumber slot) {
    if (turn[slot] == Turn::kCalls) {
      ++calls;
      asked[slot] = vm.vm().call(slot).payload;
    }
    if (turn[slot] != Turn::kEnded) return;
    const RunResult& result = vm.vm().result(slot);
    results[slot] = result.outcome == Outcome::kSucceeded ? std::string(result.result)
                                                          : std::string(result.message);
  }

  std::map<SlotNumber, std::string> asked;  // the payloads of their last calls
  std::vector<std::unique_ptr<std::string>> payloads;
};

long resident_megabytes() {
  std::ifstream file("/proc/self/statm");
  long all = 0;
  long resident = 0;
  file >> all >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024) / 1024;
}

}  // namespace

TEST_CASE("A call ends the turn, says what is asked, and its answer is what it returns") {
  Plugged plugged;
  const SlotNumber slot = plugged.begin(
      "function main(a) return {got=call('kv', 'get', {key=a.key, n=2^53|0, f=0.1})} end",
      R"({"key":"x"})");
  REQUIRE(plugged.turn[slot] == Turn::kCalls);
  const PluginCall& call = plugged.vm.vm().call(slot);
  CHECK(call.plugin == "kv");
  CHECK(call.action == "get");
  CHECK(call.payload == R"({"f":0.1,"key":"x","n":9007199254740992})");
  plugged.answer(slot, true, R"({"big":9223372036854775807,"list":[],"none":null})");
  CHECK(plugged.turn[slot] == Turn::kEnded);
  CHECK(plugged.results[slot] == R"({"got":{"big":9223372036854775807,"list":[]}})");
}

TEST_CASE("A call without a payload asks with an empty object, and null is answered as nil") {
  Plugged plugged;
  const SlotNumber slot = plugged.begin("function main() return call('p', 'a') == nil end");
  CHECK(plugged.vm.vm().call(slot).payload == "{}");
  plugged.answer(slot, true, "null");
  CHECK(plugged.results[slot] == "true");
}

TEST_CASE("A plugin's error is a Lua error with its message, and pcall catches it") {
  Plugged plugged;
  SlotNumber slot = plugged.begin("function main()\n  return call('p', 'a')\nend");
  plugged.answer(slot, false, "no such collection: 'peple'");
  CHECK(plugged.results[slot] == "test.lua:2: no such collection: 'peple'");
  CHECK(plugged.vm.vm().result(slot).outcome == Outcome::kFailed);

  slot = plugged.begin("function main() local ok, e = pcall(call, 'p', 'a') return {ok, e} end");
  plugged.answer(slot, false, "busy");
  CHECK(plugged.results[slot] == R"([false,"busy"])");
}

TEST_CASE("Lua code may call wherever it stands") {
  Plugged plugged;
  const auto [name, source, expected, calls] =
      GENERATE(table<const char*, const char*, const char*, size_t>({
          {"a callback of gsub",
           "function main() return (('a b c'):gsub('%a', function(x) return call('e', 'e', x .. x) "
           "end)) end",
           R"("aa bb cc")", 3},
          {"a comparator of sort",
           "function main() local t = {3, 1, 2}\n"
           "table.sort(t, function(a, b) return call('e', 'e', a < b) end) return t end",
           "[1,2,3]", 2},
          {"metamethods",
           "function main() local t = setmetatable({}, {__index = function(_, k) return call('e', "
           "'e', k) end,\n"
           "__add = function() return call('e', 'e', 5) end, __tostring = function() return "
           "call('e','e','s') end,\n"
           "__eq = function() return call('e', 'e', true) end, __lt = function() return "
           "call('e','e',true) end})\n"
           "local u = setmetatable({}, getmetatable(t))\n"
           "return {t.x, t + 1, tostring(t), t == u, t < u} end",
           R"(["x",5,"s",true,true])", 5},
          {"a coroutine in a coroutine",
           "function main() local outer = coroutine.wrap(function()\n"
           "local inner = coroutine.wrap(function() coroutine.yield(call('e', 'e', 1)) return "
           "call('e','e',2) end)\n"
           "coroutine.yield(inner()) return inner() end) return {outer(), outer()} end",
           "[1,2]", 2},
          {"an iterator",
           "function main() local s = 0 for x in function(_, i) i = (i or 0) + 1 if i < 4 then "
           "return call('e','e',i) end end "
           "do s = s + x end return s end",
           "6", 3},
          {"a message handler",
           "function main() return {xpcall(error, function(e) return call('e', 'e', e .. '!') end, "
           "'x')} end",
           R"([false,"x!"])", 1},
          {"a nested pcall",
           "function main() return select(2, pcall(pcall, call, 'e', 'e', 'deep')) end", "true", 1},
          {"print",
           "function main() print(setmetatable({}, {__tostring = function() return "
           "call('e','e','t') end})) return 1 end",
           "1", 1},
          {"what becomes the error's text",
           "function main() error(setmetatable({}, {__tostring = function() return "
           "call('e','e','said') end})) end",
           "said", 1},
      }));
  INFO(name);
  CHECK(plugged.value(source) == expected);
  CHECK(plugged.calls == calls);
}

TEST_CASE("While one waits others run, each in its own memory, and all are answered") {
  Plugged plugged(16);
  std::vector<SlotNumber> slots;
  for (int i = 0; i < 16; ++i)
    slots.push_back(plugged.begin(
        "n = 0\nfunction main(a) n = n + a.i print('i', a.i) local x = call('e', 'e', n)\n"
        "math.randomseed(a.i) string.x = a.i n = n * 2 print(x) return {x, n, string.x} end",
        "{\"i\":" + std::to_string(i) + "}"));
  CHECK_FALSE(plugged.vm.vm().free_slot().has_value());
  for (size_t i = slots.size(); i-- > 0;) {
    const std::string n = std::to_string(i);
    CHECK(plugged.finish(slots[i]) == "[" + n + "," + std::to_string(2 * i) + "," + n + "]");
    CHECK(plugged.vm.vm().result(slots[i]).logs == "i\t" + n + "\n" + n + "\n");
  }
}

TEST_CASE("The lowest free slot is used, and one that is free again begins afresh") {
  Plugged plugged;
  const char* const source = "n = 0\nfunction main() n = n + 1 return call('e', 'e', n) end";
  const SlotNumber first = plugged.begin(source);
  const SlotNumber second = plugged.begin(source);
  CHECK(first == 0);
  CHECK(second == 1);
  CHECK(plugged.finish(first) == "1");
  CHECK(plugged.begin(source) == 0);
  CHECK(plugged.finish(second) == "1");
  CHECK(plugged.finish(0) == "1");
}

TEST_CASE("What waits can be given up, wherever it stands, and leaves nothing behind") {
  Plugged plugged;
  const Outcome outcome = GENERATE(Outcome::kTimedOut, Outcome::kCancelled);
  const SlotNumber slot = plugged.begin(
      "function main() print('before')\n"
      "local co = coroutine.wrap(function() return ('x'):gsub('x', function()\n"
      "  return pcall(call, 'e', 'e') end) end)\n"
      "while true do co() end end");
  REQUIRE(plugged.turn[slot] == Turn::kCalls);
  plugged.vm.vm().give_up(slot, outcome);
  const RunResult& result = plugged.vm.vm().result(slot);
  CHECK(result.outcome == outcome);
  CHECK(result.logs == "before\n");
  CHECK(result.traceback.find("test.lua:3") != std::string_view::npos);
  CHECK(plugged.value("function main() return call('e', 'e', 'next') end") == "\"next\"");
}

TEST_CASE("A Vm may go while invocations wait in it") {
  Plugged plugged;
  for (int i = 0; i < 4; ++i)
    plugged.begin(
        "function main() return ('x'):gsub('x', function() return call('e','e') end) end");
  CHECK(plugged.calls == 4);
}

TEST_CASE("A busy invocation lets others have a turn, in the middle of whatever it does") {
  Plugged plugged;
  Ticking ticking(plugged.vm.vm());
  const char* const source = GENERATE(
      "function main() local n = 0 for i = 1, 6e7 do n = n + 1 end return n end",
      "function main() local n = 0 local t = {} for i = 1, 2e5 do t[i] = (i * 7919) % 200003 end\n"
      "table.sort(t, function(a, b) n = n + 1 return a < b end) return n > 0 and 60000000 end",
      "function main() local co = coroutine.wrap(function() local n = 0 while true do n = n + 1\n"
      "if n % 100 == 0 then coroutine.yield(n) end end end)\n"
      "local x repeat x = co() until x >= 2e7 return 60000000 end");
  const SlotNumber slot = plugged.begin(source);
  REQUIRE(plugged.turn[slot] == Turn::kSliced);
  CHECK(plugged.value("function main() return 'between' end") == "\"between\"");
  CHECK(plugged.finish(slot) == "60000000");
}

TEST_CASE("One that has had a turn can be ended as cancelled") {
  Plugged plugged;
  Ticking ticking(plugged.vm.vm());
  const SlotNumber slot =
      plugged.begin("function main() while true do pcall(string.len, 'x') end end");
  REQUIRE(plugged.turn[slot] == Turn::kSliced);
  plugged.vm.vm().give_up(slot, Outcome::kCancelled);
  CHECK(plugged.vm.vm().result(slot).outcome == Outcome::kCancelled);
}

TEST_CASE("An invocation whose time passes while it waits is ended when it goes on") {
  Plugged plugged;
  Ticking ticking(plugged.vm.vm());
  plugged.vm.timeout = std::chrono::milliseconds(1);
  const SlotNumber slot = plugged.begin("function main() call('e', 'e') while true do end end");
  if (plugged.turn[slot] == Turn::kCalls) plugged.answer(slot, true, "1");
  CHECK(plugged.vm.vm().result(slot).outcome == Outcome::kTimedOut);
}

TEST_CASE("An answer that comes after the time reaches no pcall, though no tick saw it pass") {
  Plugged plugged;
  plugged.vm.timeout = std::chrono::milliseconds(1);
  const auto [source, ok, text] = GENERATE(table<const char*, bool, const char*>({
      {"function main() return {pcall(call, 'e', 'e')} end", false, "no answer within 1 ms"},
      {"function main() return {pcall(call, 'e', 'e')} end", true, "1"},
      {"function main() return {pcall(coroutine.wrap(function() call('e', 'e') end))} end", false,
       "no answer within 1 ms"},
  }));
  INFO(source << " " << text);
  const SlotNumber slot = plugged.begin(source);
  REQUIRE(plugged.turn[slot] == Turn::kCalls);
  const auto over = monotonic_now() + plugged.vm.timeout;
  while (monotonic_now() < over) continue;
  plugged.answer(slot, ok, text);
  CHECK(plugged.vm.vm().result(slot).outcome == Outcome::kTimedOut);
}

TEST_CASE("The file's top level cannot call, and is told so") {
  Plugged plugged;
  CHECK(plugged.value("local x = call('e', 'e')\nfunction main() return x end") ==
        "test.lua:1: call() can be used in 'main', not while the file is loaded");
  CHECK(plugged.value("ok, e = pcall(call, 'e', 'e')\nfunction main() return ok end") == "false");
}

TEST_CASE("A call that cannot be made says why") {
  Plugged plugged;
  const auto [call, message] = GENERATE(table<const char*, const char*>({
      {"call()", "bad argument #1 to 'call' (string expected, got no value)"},
      {"call('p')", "bad argument #2 to 'call' (string expected, got no value)"},
      {"call('p', {})", "bad argument #2 to 'call' (string expected, got table)"},
      {"call('\\xff', 'a')", "bad argument #1 to 'call' (the name is not valid UTF-8)"},
      {"call(('x'):rep(257), 'a')",
       "bad argument #1 to 'call' (a name of at most 256 bytes expected)"},
      {"call('p', 'a', {x={print}})", "payload.x[1]: a function has no JSON form"},
      {"call('p', 'a', {x=0/0})", "payload.x: NaN has no JSON form"},
  }));
  INFO(call);
  const std::string got = plugged.value(std::string("function main() return ") + call + " end");
  CHECK(got == std::string("test.lua:1: ") + message);
  CHECK(plugged.calls == 0);
}

TEST_CASE("An answer that does not fit into the invocation's memory ends it as out of memory") {
  Plugged plugged;
  plugged.vm.memory_bytes = 256 << 10;
  const SlotNumber slot = plugged.begin("function main() return #call('e', 'e') end");
  plugged.answer(slot, true, "\"" + std::string(900'000, 'x') + "\"");
  CHECK(plugged.vm.vm().result(slot).outcome == Outcome::kOutOfMemory);
}

TEST_CASE("Deep recursion through C functions fits onto a slot's stack") {
  Plugged plugged;
  // As deep as Lua lets C calls nest, with a buffer of gsub's on the stack at each level.
  CHECK(plugged.value("function main() local depth = 0\n"
                      "local function down(s) depth = depth + 1\n"
                      "  local ok = pcall(string.gsub, s, '.', down) return s end\n"
                      "down('x') return depth > 50 and call('e', 'e', true) end") == "true");
}

TEST_CASE("Those that hold the most while they wait make way for who needs memory") {
  VmOptions options = with_slots(4);
  options.total_memory_bytes = 5 << 20;
  Plugged plugged(options);
  const auto holding = [](size_t kilobytes) {
    return "function main() local held = ('x'):rep(" + std::to_string(kilobytes) +
           " * 1024) call('e', 'e') return #held end";
  };
  const SlotNumber large = plugged.begin(holding(2'500));
  const SlotNumber small = plugged.begin(holding(300));
  CHECK(plugged.value(holding(800)) == "819200");
  CHECK_FALSE(plugged.vm.vm().robbed().has_value());

  // More than both of them leave: rep() needs twice the result.
  const SlotNumber needs = plugged.begin(holding(1'200));
  REQUIRE(plugged.turn[needs] == Turn::kCalls);
  REQUIRE(plugged.vm.vm().robbed() == large);
  plugged.vm.vm().give_up(large, Outcome::kOutOfMemory);
  CHECK(plugged.vm.vm().result(large).outcome == Outcome::kOutOfMemory);
  CHECK_FALSE(plugged.vm.vm().robbed().has_value());
  CHECK(plugged.finish(small) == "307200");
  CHECK(plugged.finish(needs) == "1228800");
}

TEST_CASE("Many that hold little while they wait keep nobody from its limit") {
  VmOptions options = with_slots(8);
  options.total_memory_bytes = 4 << 20;
  Plugged plugged(options);
  for (int i = 0; i < 7; ++i)
    plugged.begin(
        "function main() local held = ('x'):rep(450 * 1024) call('e', 'e') return held end");
  CHECK(plugged.value("function main() return #('x'):rep(900 * 1024) end") == "921600");
  CHECK(plugged.vm.vm().robbed().has_value());
}

TEST_CASE("Who needs more than its own limit is out of memory, and robs nobody") {
  VmOptions options = with_slots(4);
  options.total_memory_bytes = 1 << 20;
  Plugged plugged(options);
  const SlotNumber waits = plugged.begin("function main() return call('e', 'e', 1) end");
  plugged.vm.memory_bytes = 512 << 10;
  const SlotNumber greedy = plugged.begin(
      "function main() local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end end");
  CHECK(plugged.vm.vm().result(greedy).outcome == Outcome::kOutOfMemory);
  CHECK_FALSE(plugged.vm.vm().robbed().has_value());
  CHECK(plugged.finish(waits) == "1");
}

TEST_CASE("One that has freed what it did not make takes nothing from the others while it waits") {
  VmOptions options = with_slots(2);
  options.total_memory_bytes = 16 << 20;
  Plugged plugged(options);
  const SlotNumber waits = plugged.begin(
      "function main() local call, collect, next, type = call, collectgarbage, next, type\n"
      "local globals = _G\n"
      "for name, library in next, globals do\n"
      "if type(library) == 'table' and library ~= globals then\n"
      "for key in next, library do library[key] = nil end end globals[name] = nil end\n"
      "collect() return call('e', 'e', 1) end");
  REQUIRE(plugged.turn[waits] == Turn::kCalls);
  CHECK(plugged.value("function main() return #('x'):rep(4 << 20) end") == "4194304");
  CHECK(plugged.vm.vm().result(1).outcome == Outcome::kSucceeded);
  CHECK_FALSE(plugged.vm.vm().robbed().has_value());
  CHECK(plugged.finish(waits) == "1");
}

TEST_CASE("What an invocation has freed is not kept for it while it waits, nor when it has ended") {
  VmOptions options = with_slots(12);
  options.max_memory_bytes = 64 << 20;
  Plugged plugged(options);
  plugged.vm.memory_bytes = 64 << 20;
  const std::string uses_much =
      "(function() local x = {} for i = 1, 40 do x[i] = ('x'):rep(1000000) .. i end end)() "
      "collectgarbage() ";
  const long before = resident_megabytes();
  for (int i = 0; i < 10; ++i)
    REQUIRE(plugged.turn[plugged.begin("function main() " + uses_much + "call('e', 'e') end")] ==
            Turn::kCalls);
  CHECK(plugged.value("function main() " + uses_much + "return 1 end") == "1");
  CHECK(resident_megabytes() - before < 100);
  for (SlotNumber slot = 0; slot < 10; ++slot) CHECK(plugged.finish(slot) == "null");
}

TEST_CASE("Memory that lies between what an invocation kept counts as held by it") {
  VmOptions options = with_slots(2);
  options.max_memory_bytes = options.total_memory_bytes = 64 << 20;
  Plugged plugged(options);
  plugged.vm.memory_bytes = 64 << 20;
  plugged.vm.timeout = std::chrono::minutes(1);
  const SlotNumber scattered = plugged.begin(
      "function main() local kept, dropped = {}, {} for i = 1, 300000 do\n"
      "local text = ('x'):rep(80) .. i\n"
      "if i % 40 == 0 then kept[#kept + 1] = text else dropped[#dropped + 1] = text end end\n"
      "dropped = nil collectgarbage() call('e', 'e', collectgarbage('count')) end");
  while (plugged.turn[scattered] == Turn::kSliced)
    plugged.turn[scattered] = plugged.vm.vm().go_on(scattered);
  REQUIRE(plugged.turn[scattered] == Turn::kCalls);
  CHECK(std::stod(std::string(plugged.vm.vm().call(scattered).payload)) < 4'000);  // KB
  CHECK(plugged.value("function main() return #('x'):rep(20 << 20) end") == "20971520");
  REQUIRE(plugged.vm.vm().robbed() == scattered);
  plugged.vm.vm().give_up(scattered, Outcome::kOutOfMemory);
}
