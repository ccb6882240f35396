// What every Queue must do: runners, the dead among them, and who leads.
#include "test/contract/queue_harness.h"

using namespace sluice;
using namespace sluice::test;

TEMPLATE_TEST_CASE("queue: runners are seen as they describe themselves, until they leave",
                   "[queue]", QUEUES) {
  Fixture<TestType> f;
  CHECK(f.runners().empty());
  RunnerInfo info;
  info.name = "r1";
  info.host = "here \"there\"";
  info.version = "1.2.3";
  info.since = WallTime(Millis(1'700'000'000'123));
  info.workers = 2;
  info.running = 7;
  f.queue->heartbeat(info);
  info.name = "r2";
  f.queue->heartbeat(info);
  info.running = 8;
  f.queue->heartbeat(info);

  auto seen = f.runners();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].name == "r1");
  CHECK(seen[0].host == "here \"there\"");
  CHECK(seen[0].version == "1.2.3");
  CHECK(seen[0].since == info.since);
  CHECK(seen[0].workers == 2);
  CHECK(seen[0].running == 7);
  CHECK(seen[0].last_heard >= Millis(0));
  CHECK(seen[1].running == 8);
  f.leave("r1");
  seen = f.runners();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].name == "r2");
}

TEMPLATE_TEST_CASE("queue: who leaves gives back what it holds, the oldest first", "[queue]",
                   QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1, 2, 3, 4});
  CHECK(f.pop(3) == Numbers{1, 2, 3});
  f.queue->acknowledge("r1", ids_of({2}));
  f.leave("r1");
  CHECK(f.depth().waiting == 3);
  CHECK(f.depth().delivered == 0);
  CHECK(f.pop(10, "r2") == Numbers{1, 3, 4});
  f.leave("nobody");
}

TEMPLATE_TEST_CASE("queue: nothing of a runner that is alive is rescued", "[queue]", QUEUES) {
  Fixture<TestType> f;
  f.push_all("a", {1});
  CHECK(f.pop(1) == Numbers{1});
  const auto rescued = f.template ask<Result<size_t>>([&](auto done) { f.queue->rescue(done); });
  REQUIRE(rescued.ok());
  CHECK(*rescued == 0);
  CHECK(f.depth().delivered == 1);
}

TEMPLATE_TEST_CASE("queue: one leads, until it gives up", "[queue]", QUEUES) {
  Fixture<TestType> f;
  CHECK(f.lead("one"));
  CHECK_FALSE(f.lead("two"));
  CHECK(f.lead("one"));
  CHECK_FALSE(f.lead("two", Millis(0)));
  CHECK(f.lead("one", Millis(0)));
  CHECK(f.lead("two"));
  CHECK_FALSE(f.lead("one"));
}
