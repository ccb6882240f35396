#include "base/loop.h"
#include "base/clock.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>

using namespace sluice;

TEST_CASE("posted tasks run in the order of posting, never inside post") {
  Loop loop;
  std::string order;
  loop.post([&] {
    loop.post([&] { order += 'c'; });
    order += 'a';
  });
  loop.post([&] { order += 'b'; });
  CHECK(order.empty());
  loop.post([&] { loop.stop(); });
  loop.run();
  CHECK(order == "abc");
}

TEST_CASE("the end of a turn comes after everything posted, and once") {
  Loop loop;
  std::string order;
  loop.post([&] {
    loop.at_turn_end([&] {
      order += 'e';
      loop.post([&] { loop.stop(); });
    });
    loop.post([&] {
      order += 'a';
      loop.post([&] { order += 'b'; });
    });
  });
  loop.run();
  CHECK(order == "abe");
}

TEST_CASE("tasks may be posted from other threads") {
  Loop loop;
  int ran = 0;
  std::thread other([&] {
    for (int i = 0; i < 1'000; ++i) loop.post([&] { ++ran; });
    loop.stop();
  });
  loop.run();
  other.join();
  CHECK(ran == 1'000);
}

TEST_CASE("a timer runs once, or again and again, until it is stopped") {
  Loop loop;
  Timer once(loop), often(loop);
  int single = 0, many = 0;
  once.once(Millis(0), [&] { ++single; });
  often.every(Millis(1), [&] {
    if (++many == 3) {
      often.stop();
      loop.stop();
    }
  });
  CHECK(once.active());
  loop.run();
  CHECK(single == 1);
  CHECK(many == 3);
  CHECK_FALSE(once.active());
  CHECK_FALSE(often.active());
}

TEST_CASE("a timer may be destroyed from its own task") {
  Loop loop;
  auto timer = std::make_unique<Timer>(loop);
  timer->every(Millis(1), [&] {
    timer.reset();
    loop.stop();
  });
  loop.run();
  CHECK_FALSE(timer);
}

TEST_CASE("a turn with many events ends early, so that what they ask for begins") {
  Loop loop;
  int ran = 0;
  loop.post([&] { ++ran; });
  int events = 0;
  while (ran == 0 && events < 1'000) {
    ++events;
    loop.event_handled();
  }
  CHECK(ran == 1);
  CHECK(events > 1);

  loop.post([&] { ++ran; });
  loop.event_handled();
  CHECK(ran == 1);  // counted anew
}
