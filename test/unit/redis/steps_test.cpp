// Steps: what is said to Redis, what is merged, and what is said again after a failure.
#include "queue/redis/steps.h"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::redis;

namespace {

using Kind = Step::Kind;

Uuid id_of(uint32_t number) {
  Uuid id;
  id.bytes[0] = 1;
  for (int i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return id;
}

std::vector<Uuid> ids_up_to(uint32_t count) {
  std::vector<Uuid> ids;
  for (uint32_t i = 0; i < count; ++i) ids.push_back(id_of(i));
  return ids;
}

std::vector<Entry> entries_up_to(uint32_t count) {
  std::vector<Entry> entries;
  for (uint32_t i = 0; i < count; ++i) entries.push_back({id_of(i), Lane{.action = "a"}});
  return entries;
}

// As hiredis makes them, so that they are freed alike.
ReplyPtr reply_of(const std::string& resp) {
  redisReader* reader = redisReaderCreate();
  REQUIRE(redisReaderFeed(reader, resp.data(), resp.size()) == REDIS_OK);
  void* reply = nullptr;
  REQUIRE(redisReaderGetReply(reader, &reply) == REDIS_OK);
  redisReaderFree(reader);
  REQUIRE(reply);
  return ReplyPtr(static_cast<redisReply*>(reply));
}

const Error kAway{Code::kUnavailable, "redis", "away"};

struct World {
  Scripts scripts;
  Keys keys{"p"};
  Steps steps{scripts, keys, 500};

  PushDone into(std::vector<Status>& statuses) {
    return [&](std::vector<Status> got) {
      statuses = std::move(got);
      ++answers;
    };
  }
  int answers = 0;
};

}  // namespace

TEST_CASE("redis steps: pushes that follow each other are one command") {
  World w;
  std::vector<Status> first, second;
  w.steps.push({{id_of(1), Lane{.action = "a"}}, {id_of(2), Lane{.action = "b"}}}, w.into(first));
  w.steps.push({{id_of(3), Lane{.action = "a"}}}, w.into(second));
  CHECK(w.steps.entries() == 3);
  auto said = w.steps.take();
  CHECK(w.steps.empty());
  CHECK(w.steps.entries() == 0);
  REQUIRE(said.size() == 1);
  CHECK(said[0].command.script == &w.scripts.push);
  CHECK(said[0].command.words == std::vector<std::string>{"{p}:", "500", bytes_of(id_of(1)),
                                                          "0/default/default/a", bytes_of(id_of(2)),
                                                          "0/default/default/b", bytes_of(id_of(3)),
                                                          "0/default/default/a"});

  // Positions of those that did not fit count through the whole command.
  answer(said[0], reply_of("*2\r\n:2\r\n:3\r\n"));
  REQUIRE(first.size() == 2);
  CHECK(first[0].ok());
  CHECK(first[1].error().code == Code::kFull);
  REQUIRE(second.size() == 1);
  CHECK(second[0].error().code == Code::kFull);
}

TEST_CASE("redis steps: a position that Redis makes up is not believed") {
  World w;
  std::vector<Status> statuses;
  w.steps.push(entries_up_to(2), w.into(statuses));
  auto said = w.steps.take();
  answer(said[0], reply_of("*4\r\n:0\r\n:3\r\n:-1\r\n$1\r\nx\r\n"));
  REQUIRE(statuses.size() == 2);
  CHECK(statuses[0].ok());
  CHECK(statuses[1].ok());
}

TEST_CASE("redis steps: a push that Redis refuses is unavailable, with Redis's reason") {
  World w;
  std::vector<Status> statuses;
  w.steps.push(entries_up_to(1), w.into(statuses));
  auto said = w.steps.take();
  answer(said[0], reply_of("-OOM command not allowed\r\n"));
  REQUIRE(statuses.size() == 1);
  CHECK(statuses[0].error().code == Code::kUnavailable);
  CHECK(statuses[0].error().message.find("OOM command not allowed") != std::string::npos);
}

TEST_CASE(
    "redis steps: no command is longer than Redis should stop for, and its push is answered once") {
  World w;
  std::vector<Status> statuses;
  w.steps.push(entries_up_to(2'500), w.into(statuses));
  auto said = w.steps.take();
  REQUIRE(said.size() == 3);
  CHECK(said[0].items == 1'000);
  CHECK(said[1].items == 1'000);
  CHECK(said[2].items == 500);
  answer(said[0], reply_of("*0\r\n"));
  answer(said[1], reply_of("*1\r\n:1\r\n"));
  CHECK(w.answers == 0);
  answer(said[2], reply_of("*0\r\n"));
  CHECK(w.answers == 1);
  REQUIRE(statuses.size() == 2'500);
  for (size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i].ok() != (i != 1'000)) FAIL("entry " << i);
  }

  w.steps.settle("r", ids_up_to(1'001));
  w.steps.give_back("r", ids_up_to(2'001));
  said = w.steps.take();
  REQUIRE(said.size() == 5);
  CHECK(said[0].items == 1'000);
  CHECK(said[1].items == 1);
  CHECK(said[4].items == 1);
}

TEST_CASE("redis steps: what is alike merges only with its neighbour, so that order is kept") {
  World w;
  w.steps.settle("r1", {id_of(1)});
  w.steps.settle("r1", {id_of(2), id_of(3)});
  w.steps.settle("r2", {id_of(4)});
  w.steps.give_back("r2", {id_of(5)});
  w.steps.give_back("r2", {id_of(6)});
  w.steps.settle("r2", {id_of(7)});
  const auto said = w.steps.take();
  REQUIRE(said.size() == 4);
  CHECK(said[0].command.words == std::vector<std::string>{"{p}:", "r1", "", bytes_of(id_of(1)),
                                                          bytes_of(id_of(2)), bytes_of(id_of(3))});
  CHECK(said[1].runner == "r2");
  CHECK(said[1].kind == Kind::kSettle);
  CHECK(said[2].command.words ==
        std::vector<std::string>{"{p}:", "r2", bytes_of(id_of(5)), bytes_of(id_of(6))});
  CHECK(said[3].kind == Kind::kSettle);
}

TEST_CASE("redis steps: nothing to settle, give back or announce is nothing to say") {
  World w;
  w.steps.settle("r", {});
  w.steps.give_back("r", {});
  w.steps.announce({});
  CHECK(w.steps.empty());
}

TEST_CASE("redis steps: news ride along with the acknowledgement before them") {
  World w;
  w.steps.settle("r", {id_of(1)});
  w.steps.announce({id_of(1)});
  w.steps.settle("r", {id_of(2)});
  w.steps.announce({id_of(2)});
  const auto said = w.steps.take();
  REQUIRE(said.size() == 1);
  CHECK(said[0].command.words ==
        std::vector<std::string>{"{p}:", "r", "\x01" + bytes_of(id_of(1)) + bytes_of(id_of(2)),
                                 bytes_of(id_of(1)), bytes_of(id_of(2))});
}

TEST_CASE("redis steps: news without an acknowledgement are published alone") {
  World w;
  w.steps.announce({id_of(1), id_of(2)});
  const auto said = w.steps.take();
  REQUIRE(said.size() == 1);
  CHECK(said[0].command.script == nullptr);
  CHECK(said[0].command.words ==
        std::vector<std::string>{"PUBLISH", "{p}:ended",
                                 "\x01" + bytes_of(id_of(1)) + bytes_of(id_of(2))});
}

TEST_CASE("redis steps: after a failure only what a runner alone can say is said again, in order") {
  World w;
  std::vector<Status> statuses;
  std::optional<Error> asked;
  w.steps.settle("r", {id_of(1)});
  w.steps.push(entries_up_to(2), w.into(statuses));
  w.steps.give_back("r", {id_of(2)});
  auto said = w.steps.take();
  // Meanwhile:
  w.steps.ask({nullptr, {"PING"}}, [&](Result<ReplyPtr> reply) { asked = reply.error(); });
  w.steps.settle("r", {id_of(3)});
  w.steps.push(entries_up_to(1), nullptr);

  w.steps.fail(std::move(said), kAway);
  REQUIRE(statuses.size() == 2);
  CHECK(statuses[1].error().message == "away");
  CHECK(w.answers == 1);
  REQUIRE(asked);
  CHECK(asked->code == Code::kUnavailable);
  CHECK(w.steps.entries() == 0);

  w.steps.settle("r", {id_of(4)});  // joins the last one that was kept
  const auto again = w.steps.take();
  REQUIRE(again.size() == 3);
  CHECK(again[0].command.words.back() == bytes_of(id_of(1)));
  CHECK(again[1].kind == Kind::kGiveBack);
  CHECK(again[2].command.words ==
        std::vector<std::string>{"{p}:", "r", "", bytes_of(id_of(3)), bytes_of(id_of(4))});
}

TEST_CASE(
    "redis steps: what a runner said counts as heard when all of it was, also at a second try") {
  World w;
  int heard = 0;
  w.steps.settle("r", ids_up_to(1'500), [&] { ++heard; });
  w.steps.give_back("r", {id_of(1)}, [&] { heard += 10; });
  w.steps.settle("r", {}, [&] { heard += 100; });
  w.steps.fail(w.steps.take(), kAway);
  CHECK(heard == 0);
  auto said = w.steps.take();
  REQUIRE(said.size() == 3);
  answer(said[0], reply_of(":1\r\n"));
  CHECK(heard == 0);
  answer(said[1], reply_of(":1\r\n"));
  CHECK(heard == 1);
  answer(said[2], reply_of(":1\r\n"));
  CHECK(heard == 11);
}

TEST_CASE("redis steps: what is no id among the ids is left out") {
  const ReplyPtr reply = reply_of("*4\r\n$16\r\n0123456789abcdef\r\n$3\r\nabc\r\n:5\r\n$-1\r\n");
  CHECK(redis::ids_of(*reply).size() == 1);
  CHECK(redis::ids_of(*reply_of("-ERR no\r\n")).empty());
}
