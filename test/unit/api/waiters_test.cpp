// Who is woken by what.
#include <catch2/catch.hpp>

#include "api/waiters.h"
#include "world.h"

namespace sluice::test {
namespace {

using api::Waiters;
using api::Word;
using Phase = Announcement::Phase;

struct Fixture {
  Loop loop;
  ManualClock clock;
  MemoryStore memory{loop, clock};
  HeldStore store{memory};
  int armed = 0;
  Waiters waiters{store, clock, 3, [this] { ++armed; }};
  UuidGenerator ids{clock};
  std::vector<std::string> woken;

  Waiters::Ticket wait(const Uuid& id, Phase phase, Millis wait, const std::string& name) {
    const auto ticket = waiters.add(id, phase, wait, [this, name](Word word) {
      woken.push_back(name + (word.kind == Word::Kind::kEnded ? " ended" : " timeout"));
    });
    return ticket.ok() ? *ticket : 0;
  }
  void announce(const Uuid& id, Phase phase) {
    const Announcement news[] = {{id, phase, nullptr}};
    waiters.hear(news);
  }
};

TEST_CASE("a result wakes who asked for it, a durable record everyone, each once") {
  Fixture f;
  const Uuid id = f.ids.next();
  f.wait(id, Phase::kResult, Millis(100), "own");
  f.wait(id, Phase::kDurable, Millis(100), "other");
  f.announce(f.ids.next(), Phase::kDurable);
  CHECK(f.woken.empty());
  f.announce(id, Phase::kResult);
  CHECK(f.woken == std::vector<std::string>{"own ended"});
  CHECK(f.store.hurried == std::vector<Uuid>{id});  // somebody waits for the record
  f.announce(id, Phase::kDurable);
  f.announce(id, Phase::kDurable);
  CHECK(f.woken == std::vector<std::string>{"own ended", "other ended"});
  CHECK(f.waiters.size() == 0);
}

TEST_CASE("waits end when their time is over, not before") {
  Fixture f;
  f.wait(f.ids.next(), Phase::kResult, Millis(100), "short");
  f.wait(f.ids.next(), Phase::kResult, Millis(200), "long");
  CHECK(f.armed == 1);
  f.clock.advance(Millis(99));
  CHECK(f.waiters.tick());
  CHECK(f.woken.empty());
  f.clock.advance(Millis(1));
  CHECK(f.waiters.tick());
  CHECK(f.woken == std::vector<std::string>{"short timeout"});
  f.clock.advance(Millis(100));
  CHECK(!f.waiters.tick());
  f.wait(f.ids.next(), Phase::kResult, Millis(1), "next");
  CHECK(f.armed == 2);
}

TEST_CASE("waiters are bounded, can be removed, and can all be sent away") {
  Fixture f;
  const Uuid id = f.ids.next();
  const auto first = f.wait(id, Phase::kResult, Millis(1), "first");
  f.wait(id, Phase::kResult, Millis(1), "second");
  f.wait(id, Phase::kResult, Millis(1), "third");
  CHECK(f.wait(id, Phase::kResult, Millis(1), "fourth") == 0);
  f.waiters.remove(id, first);
  f.waiters.remove(id, first);
  CHECK(f.waiters.size() == 2);
  f.waiters.give_up();
  CHECK(f.woken.size() == 2);
  CHECK(f.waiters.size() == 0);
}

TEST_CASE("whoever is woken may wait again at once") {
  Fixture f;
  const Uuid id = f.ids.next();
  int rounds = 0;
  std::function<void(Word)> again = [&](Word) {
    if (++rounds < 3) CHECK(f.waiters.add(id, Phase::kResult, Millis(1), again).ok());
  };
  again({});
  for (int i = 0; i < 5; ++i) f.announce(id, Phase::kResult);
  CHECK(rounds == 3);
}

TEST_CASE("what no word came of is asked about, the longest unasked first, and not too often") {
  Fixture f;
  const Uuid first = f.ids.next(), second = f.ids.next(), third = f.ids.next();
  f.wait(first, Phase::kResult, Millis(10'000), "first");
  f.clock.advance(Millis(100));
  f.wait(second, Phase::kResult, Millis(10'000), "second");
  f.clock.advance(Millis(900));
  CHECK(f.waiters.overlooked(Millis(1'000), 10) == std::vector<Uuid>{first});
  CHECK(f.waiters.overlooked(Millis(1'000), 10).empty());
  f.clock.advance(Millis(1'000));
  f.wait(third, Phase::kResult, Millis(10'000), "third");
  CHECK(f.waiters.overlooked(Millis(1'000), 1) == std::vector<Uuid>{second});
  CHECK(f.waiters.overlooked(Millis(1'000), 10) == std::vector<Uuid>{first});
  CHECK(f.waiters.size() == 3);
}

}  // namespace
}  // namespace sluice::test
