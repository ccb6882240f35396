// Calls: how they wait, for how long, and what comes back.
#include "plugins/host/plugin_host.h"

#include <catch2/catch.hpp>

#include "base/utf8.h"
#include "hosted.h"

namespace sluice::test {
namespace {

using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;
using plugins::Answer;

std::vector<plugins::PluginOptions> gate_with(size_t concurrency, size_t queue,
                                              const std::string& file = "gate.so") {
  plugins::PluginOptions gate = plugin_named("gate", file);
  gate.instance.concurrency = concurrency;
  gate.instance.queue = queue;
  return {gate};
}

TEST_CASE("a call comes back with the plugin's answer, and never from inside of the call") {
  for (const char* file : {"log.so", "version1.so"}) {
    Hosted world({plugin_named("p", file)});
    REQUIRE(world.opened.ok());
    CHECK(world.host->names() == std::vector<std::string>{"p"});
    const auto answer = world.begin("p", "echo", R"({"x":9007199254740993})");
    CHECK_FALSE(answer->has_value());
    REQUIRE(loop_until(world.loop, [&] { return answer->has_value(); }));
    CHECK((*answer)->ok);
    CHECK((*answer)->text == R"({"x":9007199254740993})");
  }
}

TEST_CASE("what does not exist is answered with what does") {
  Hosted none;
  CHECK(none.ask("mongo", "insert").text ==
        "there is no plugin 'mongo': no plugins are configured");

  Hosted one({plugin_named("log", "log.so")});
  CHECK(one.ask("lgo", "log").text == "there is no plugin 'lgo'; there is log");

  Hosted two({plugin_named("old", "version1.so"), plugin_named("log", "log.so")});
  CHECK(two.host->names() == std::vector<std::string>{"log", "old"});
  const Answer unknown = two.ask("mong", "insert");
  CHECK_FALSE(unknown.ok);
  CHECK(unknown.text == "there is no plugin 'mong'; there are log, old");
  CHECK(two.ask("old", "inser").text ==
        "plugin 'old' has no action 'inser'; it has echo, about, fail");
}

TEST_CASE("names from Lua code are bounded and printable in errors") {
  Hosted world({plugin_named("log", "log.so")});
  const std::string hostile = std::string("\xff\n\0", 3) + std::string(1 << 20, 'x');
  for (const Answer& answer : {world.ask(hostile, "log"), world.ask("log", hostile)}) {
    CHECK_FALSE(answer.ok);
    CHECK(answer.text.size() < 200);
    CHECK(is_utf8(answer.text));
    CHECK(answer.text.find('\n') == std::string::npos);
  }
}

TEST_CASE("no more calls are under way than the concurrency says, and the others wait in turn") {
  for (const char* action : {"hold", "keep"}) {
    const Gate gate;
    Hosted world(gate_with(3, 100));
    REQUIRE(world.opened.ok());
    int answered = 0;
    for (int i = 0; i < 20; ++i)
      world.host->call({"gate", action, "{}", {}, {}}, [&](const Answer& answer) {
        CHECK(answer.ok);
        ++answered;
      });
    for (int round = 1; round <= 20; ++round) {
      REQUIRE(loop_until(world.loop, [&] {
        return gate.state().held == std::min(3, 20 - answered) && answered == round - 1;
      }));
      gate.release(1);
      REQUIRE(loop_until(world.loop, [&] { return answered == round; }));
    }
    CHECK(gate.state().most == 3);
  }
}

TEST_CASE("a nonblocking plugin is called on the loop, within the same bounds") {
  const Gate gate("gate_nonblocking.so");
  Hosted world(gate_with(2, 3, "gate_nonblocking.so"));
  REQUIRE(world.opened.ok());
  int answered = 0;
  std::string refusal;
  for (int i = 0; i < 6; ++i)
    world.host->call({"gate", "keep", "{}", {}, {}}, [&](const Answer& answer) {
      ++answered;
      if (!answer.ok) refusal = answer.text;
    });
  CHECK(gate.state().held == 2);  // at once: no thread had to wake up
  CHECK(answered == 0);
  REQUIRE(loop_until(world.loop, [&] { return answered == 1; }));
  CHECK(refusal == "plugin 'gate' is busy: 3 calls wait already");
  gate.release(1);
  REQUIRE(loop_until(world.loop, [&] { return answered == 2; }));
  CHECK(gate.state().held == 2);
  gate.release(2);
  REQUIRE(loop_until(world.loop, [&] { return answered == 4; }));
  gate.release(2);
  REQUIRE(loop_until(world.loop, [&] { return answered == 6; }));
  CHECK(gate.state().most == 2);
}

TEST_CASE("a call that finds the queue full is refused") {
  const Gate gate;
  Hosted world(gate_with(1, 2));
  const auto first = world.begin("gate", "hold");
  const auto second = world.begin("gate", "hold");
  const auto third = world.begin("gate", "hold");
  const Answer fourth = world.ask("gate", "hold");
  CHECK_FALSE(fourth.ok);
  CHECK(fourth.text == "plugin 'gate' is busy: 2 calls wait already");
  gate.release(3);
  REQUIRE(loop_until(world.loop, [&] { return third->has_value(); }));
  CHECK((*first)->ok);
  CHECK((*second)->ok);
  CHECK((*third)->ok);
}

TEST_CASE("without a queue a call begins at once or not at all") {
  const Gate gate;
  Hosted world(gate_with(1, 0));
  const auto first = world.begin("gate", "hold");
  CHECK(world.ask("gate", "hold").text ==
        "plugin 'gate' is busy: 1 calls are under way and none may wait");
  gate.release(1);
  REQUIRE(loop_until(world.loop, [&] { return first->has_value(); }));
  gate.release(1);
  CHECK(world.ask("gate", "hold").ok);
}

TEST_CASE("a call that is not answered in time is an error, and keeps its place until it returns") {
  for (const char* action : {"hold", "keep"}) {
    const Gate gate;
    auto plugins = gate_with(1, 10);
    plugins[0].instance.timeout = Millis(30);
    Hosted world(plugins);
    const auto under_way = world.begin("gate", action);
    const auto waiting = world.begin("gate", action);
    REQUIRE(loop_until(world.loop, [&] { return waiting->has_value(); }));
    CHECK((*under_way)->text == "plugin 'gate' did not answer within 30 ms");
    CHECK((*waiting)->text == "plugin 'gate' did not answer within 30 ms");
    CHECK(gate.state().abandoned == 1);
    CHECK(gate.state().held == 1);
    CHECK(gate.state().passed == 0);  // the second never came to it
    gate.release(1);
    REQUIRE(loop_until(world.loop, [&] { return gate.state().passed == 1; }));
    gate.release(1);  // the place is free again
    CHECK(world.ask("gate", "hold").ok);
    CHECK(gate.state().most == 1);
  }
}

TEST_CASE("a call is not waited for beyond the deadline of its invocation") {
  const Gate gate;
  Hosted world(gate_with(1, 10));
  const auto late = world.begin("gate", "hold", "{}", world.clock.mono() + Millis(20));
  REQUIRE(loop_until(world.loop, [&] { return late->has_value(); }));
  const std::string& text = (*late)->text;
  const std::string begin = "plugin 'gate' did not answer within ";
  REQUIRE_THAT(text, StartsWith(begin) && EndsWith(" ms"));
  CHECK(std::stoi(text.substr(begin.size())) <= 20);  // what was left when it was called
  gate.release(1);
}

TEST_CASE("a call that nobody waits for is told, and one that has not begun never does") {
  for (const char* file : {"gate.so", "gate_nonblocking.so"}) {
    const Gate gate(file);
    Hosted world(gate_with(1, 10, file));
    const auto under_way = world.begin("gate", "keep");
    const plugins::CallId running = world.last_id;
    const auto waiting = world.begin("gate", "keep");
    const plugins::CallId queued = world.last_id;
    const auto last = world.begin("gate", "keep");
    REQUIRE(loop_until(world.loop, [&] { return gate.state().held == 1; }));
    CHECK(gate.state().abandoned == 0);
    world.host->hang_up(running);
    world.host->hang_up(queued);
    world.host->hang_up(queued);
    world.host->hang_up(0);
    world.host->hang_up(~plugins::CallId{0});
    CHECK(gate.state().abandoned == 1);
    gate.release(1);
    REQUIRE(loop_until(world.loop, [&] { return gate.state().held == 1; }));
    CHECK(gate.state().abandoned == 0);
    gate.release(1);
    REQUIRE(loop_until(world.loop, [&] { return last->has_value(); }));
    CHECK(gate.state().passed == 2);
    CHECK_FALSE(under_way->has_value());
    CHECK_FALSE(waiting->has_value());
  }
}

TEST_CASE("an answer that is none is an error that says so") {
  Hosted world({plugin_named("rude", "rude.so")});
  REQUIRE(world.opened.ok());
  const auto error = [&](const char* action) {
    const Answer answer = world.ask("rude", action);
    CHECK_FALSE(answer.ok);
    CHECK(is_utf8(answer.text));
    return answer.text;
  };
  CHECK_THAT(error("not_json"), StartsWith("plugin 'rude' answered what is no JSON: "));
  CHECK_THAT(error("empty"), StartsWith("plugin 'rude' answered what is no JSON: "));
  CHECK_THAT(error("not_utf8"), StartsWith("plugin 'rude' answered what is no JSON: "));
  CHECK(error("too_long") == "plugin 'rude' answered 3145728 bytes; 1048576 are the most");
  CHECK(error("silent_error") == "plugin 'rude' failed and does not say why");
  CHECK(error("bad_error") == "a\uFFFDb c");
  const std::string cut = error("long_error");
  CHECK(cut.size() <= 8192);
  CHECK_THAT(cut, EndsWith("ü…"));
}

TEST_CASE("of several answers to a call the first counts, whenever the others come") {
  plugins::PluginOptions rude = plugin_named("rude", "rude.so");
  rude.instance.concurrency = 1;  // so that the next call takes the same place
  Hosted world({rude});
  for (int i = 0; i < 100; ++i) {
    CHECK(world.ask("rude", "twice").text == "1");
    CHECK(world.ask("rude", "again").text == "true");
  }
}

TEST_CASE(
    "a plugin that never answers keeps the places it has, and no caller for longer than its "
    "time-out") {
  plugins::PluginOptions rude = plugin_named("rude", "rude.so");
  rude.instance.concurrency = 2;
  rude.instance.timeout = Millis(20);
  Hosted world({rude, plugin_named("log", "log.so")});
  CHECK_THAT(world.ask("rude", "never").text, Contains("did not answer"));
  CHECK(world.ask("rude", "echo").ok);
  CHECK_THAT(world.ask("rude", "never").text, Contains("did not answer"));
  CHECK_THAT(world.ask("rude", "echo").text, Contains("did not answer"));
  CHECK(world.ask("log", "echo").ok);
  CHECK_FALSE(world.host->stop(Millis(10)));
}

TEST_CASE("many calls of several plugins at once all come back, each with its own answer") {
  plugins::PluginOptions later = plugin_named("later", "sleep_nonblocking.so");
  later.instance.concurrency = 64;
  plugins::PluginOptions sleep = plugin_named("sleep", "sleep.so");
  sleep.instance.concurrency = 16;
  Hosted world({later, sleep, plugin_named("log", "log.so")});
  REQUIRE(world.opened.ok());
  constexpr int kCalls = 600;
  int right = 0;
  const std::pair<const char*, const char*> targets[] = {
      {"later", "later"}, {"sleep", "sleep"}, {"sleep", "later"}, {"log", "log"}};
  for (int i = 0; i < kCalls; ++i) {
    const auto& [plugin, action] = targets[i % 4];
    const std::string payload = R"({"ms":1,"i":)" + std::to_string(i) + "}";
    world.host->call({plugin, action, payload, {}, {}}, [&right, payload](const Answer& answer) {
      right += answer.ok && answer.text == payload ? 1 : 0;
    });
  }
  CHECK(loop_until(world.loop, [&] { return right == kCalls; }));
}

TEST_CASE("what a plugin in C++ throws becomes the error of its call") {
  Hosted world({plugin_named("sleep", "sleep.so")});
  for (const char* action : {"sleep", "later"}) {
    const Answer answer = world.ask("sleep", action, "{}");
    CHECK_FALSE(answer.ok);
    CHECK(answer.text == "'ms' is missing: how long to sleep");
  }
}

TEST_CASE("calls that are given up at any moment leave their places free") {
  const Gate gate;
  Hosted world(gate_with(4, 100));
  for (int i = 0; i < 200; ++i) {
    world.begin("gate", "keep");
    world.host->hang_up(world.last_id);
  }
  const auto last = world.begin("gate", "keep");
  REQUIRE(loop_until(world.loop, [&] {
    gate.release(gate.state().held);
    return last->has_value();
  }));
  CHECK((*last)->ok);
}

TEST_CASE("calls are counted by how they ended") {
  const Gate gate;
  auto plugins = gate_with(1, 0);
  plugins[0].instance.timeout = Millis(20);
  plugins.push_back(plugin_named("old", "version1.so"));
  Hosted world(plugins);
  world.ask("old", "echo");
  world.ask("old", "echo");
  world.ask("old", "fail");
  world.ask("old", "nonsense");
  world.begin("gate", "hold");
  CHECK(loop_until(world.loop, [&] { return gate.state().held == 1; }));
  world.ask("gate", "hold");
  CHECK(loop_until(world.loop, [&] { return gate.state().abandoned == 1; }));
  gate.release(1);
  const std::string text = world.metrics.text();
  CHECK_THAT(text, Contains(R"(sluice_plugin_calls_total{plugin="old",result="ok"} 2)"));
  CHECK_THAT(text, Contains(R"(sluice_plugin_calls_total{plugin="old",result="error"} 1)"));
  CHECK_THAT(text, Contains(R"(sluice_plugin_calls_total{plugin="old",result="refused"} 1)"));
  CHECK_THAT(text, Contains(R"(sluice_plugin_calls_total{plugin="gate",result="timeout"} 1)"));
  CHECK_THAT(text, Contains(R"(sluice_plugin_calls_total{plugin="gate",result="refused"} 1)"));
  CHECK_THAT(text, Contains(R"(sluice_plugin_call_seconds_count{plugin="old"} 3)"));
}

}  // namespace
}  // namespace sluice::test
