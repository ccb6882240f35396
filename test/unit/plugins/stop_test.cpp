// The end of a host: what is closed, what is left behind, and that nothing hangs.
#include <catch2/catch.hpp>

#include <thread>

#include "hosted.h"

namespace sluice::test {
namespace {

std::vector<plugins::PluginOptions> gate(const std::string& file = "gate.so") {
  return {plugin_named("gate", file)};
}

TEST_CASE("a quiet plugin is closed at once") {
  for (const char* file : {"gate.so", "gate_nonblocking.so"}) {
    const Gate held(file);
    Hosted world(gate(file));
    CHECK(world.host->stop(std::chrono::hours(1)));
    CHECK(held.state().closed == 1);
    CHECK(world.host->stop(std::chrono::hours(1)));
    world.host.reset();
    CHECK(held.state().closed == 1);
  }
}

TEST_CASE("a host that is destroyed closes what it opened") {
  const Gate held;
  { Hosted world(gate()); }
  CHECK(held.state().closed == 1);
}

TEST_CASE("what is under way is told of the end, and has the time of grace to come back") {
  for (const char* action : {"hold", "keep"}) {
    const Gate held;
    Hosted world(gate());
    const auto answer = world.begin("gate", action);
    REQUIRE(loop_until(world.loop, [&] { return held.state().held == 1; }));
    std::thread release([&] {
      while (held.state().abandoned == 0) std::this_thread::yield();
      held.release(1);
    });
    CHECK(world.host->stop(std::chrono::minutes(1)));
    release.join();
    CHECK(held.state().closed == 1);
    CHECK_FALSE(answer->has_value());
  }
}

TEST_CASE(
    "a plugin that does not come back is neither closed nor waited for, and may come back later") {
  for (const char* action : {"hold", "keep"}) {
    const Gate held;
    {
      Hosted world(gate());
      world.begin("gate", action);
      REQUIRE(loop_until(world.loop, [&] { return held.state().held == 1; }));
      CHECK_FALSE(world.host->stop(Millis(10)));
      CHECK(held.state().closed == 0);
    }
    held.release(1);  // after loop, log and metrics are gone
    while (held.state().closed == 0) std::this_thread::yield();
  }
}

TEST_CASE(
    "a plugin that does not finish opening stops the start, and is closed should it open later") {
  const Gate held;
  {
    Hosted world;
    plugins::PluginOptions plugin = plugin_named("gate", "gate.so");
    plugin.instance.config = R"({"please":"wait"})";
    const Status opened = world.host->open({plugin}, Millis(10));
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().message ==
          "config.lua:7: Plugin \"gate\": has not finished opening after 10 ms");
    CHECK_FALSE(world.host->stop(Millis(0)));
  }
  held.release(1);
  while (held.state().closed == 0) std::this_thread::yield();
}

TEST_CASE("a plugin that does not finish closing is left behind") {
  Hosted world({plugin_named("bad", "bad_close_hangs.so")});
  REQUIRE(world.opened.ok());
  CHECK_FALSE(world.host->stop(Millis(10)));
}

TEST_CASE("after the end nobody hears anything") {
  Hosted world({plugin_named("log", "log.so")});
  const auto refused = world.begin("log", "nonsense");
  const auto answered = world.begin("log", "echo");
  world.host->stop(Millis(1'000));
  bool turned = false;
  world.loop.post([&] { turned = true; });
  REQUIRE(loop_until(world.loop, [&] { return turned; }));
  CHECK_FALSE(refused->has_value());
  CHECK_FALSE(answered->has_value());
}

}  // namespace
}  // namespace sluice::test
