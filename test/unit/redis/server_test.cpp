// A Redis of one's own: how it is reached, what is refused, and what comes of it when it goes.
#include "queue/redis/connection.h"
#include "test/support/databases.h"
#include "test/unit/redis/world.h"

using namespace sluice;
using namespace sluice::test;

namespace {

// Why a queue cannot be opened.
Error refused(const std::string& url) {
  TurnExecutor executor;
  Log log{LogOptions{LogLevel::kOff}};
  Metrics metrics;
  auto opened = RedisQueue::open(Member::options_of(url, "refused"), executor, log, metrics);
  if (opened.ok()) FAIL("opened " << url);
  return opened.error();
}

bool says(const Error& error, const std::string& text) {
  UNSCOPED_INFO(error.text());
  return error.message.find(text) != std::string::npos;
}

std::string with_user(const RedisServer& redis, const std::string& user_and_password) {
  return "redis://" + user_and_password + "@127.0.0.1:" + std::to_string(redis.port());
}

void works(const std::string& url) {
  Member member(url);
  INFO(member.queue->ready().ok());
  REQUIRE(member.push("a", {1, 2}).ok());
  CHECK(member.pop("r1", 10) == Numbers{1, 2});
  bool heard = false;
  member.queue->subscribe([&](std::span<const Announcement> news) {
    heard = heard || (news.size() == 1 && news[0].id == id_of(1));
  });
  member.queue->acknowledge("r1", ids_of({1}));
  member.queue->announce({Announcement{id_of(1), Announcement::Phase::kDurable, nullptr}});
  CHECK(member.executor.turn_until([&] { return heard; }));
  CHECK(member.depth().delivered == 1);
}

}  // namespace

TEST_CASE("redis server: one that would drop jobs is refused, with the reason and what would do") {
  for (const std::string policy : {"allkeys-lru", "volatile-ttl"}) {
    RedisServer redis({"--maxmemory-policy", policy, "--maxmemory", "100mb"});
    const Error error = refused(redis.url());
    CHECK(error.code == Code::kInvalid);
    CHECK(says(error, policy));
    CHECK(says(error, "must be 'noeviction'"));
  }
}

TEST_CASE("redis server: one that comes back with another policy is not used until it is right") {
  RedisServer server;
  Metrics metrics;
  const redis::Scripts scripts;
  redis::Connection admin({*redis::parse_url(server.url())}, scripts, metrics);
  REQUIRE(admin.connect().ok());
  const auto set_policy = [&](const std::string& policy) {
    return admin.call_one({nullptr, {"CONFIG", "SET", "maxmemory-policy", policy}}).ok();
  };
  Member member(server.url());
  REQUIRE(member.push("a", {1}).ok());
  REQUIRE(set_policy("allkeys-lru"));
  REQUIRE(admin.call_one({nullptr, {"CLIENT", "KILL", "TYPE", "normal"}}).ok());
  REQUIRE(member.eventually([&] {
    const Status ready = member.queue->ready();
    return !ready.ok() && ready.error().message.find("allkeys-lru") != std::string::npos;
  }));
  CHECK(member.push("a", {2}).error().code == Code::kUnavailable);
  REQUIRE(set_policy("noeviction"));
  CHECK(member.eventually([&] { return member.push("a", {2}).ok(); }));
}

TEST_CASE("redis server: a password") {
  RedisServer redis({"--requirepass", "p@ss/word"});
  works(with_user(redis, ":p%40ss%2Fword"));
  works(with_user(redis, "default:p%40ss%2Fword"));
  const Error none = refused(redis.url());
  CHECK(none.code == Code::kInvalid);
  CHECK(says(none, "NOAUTH"));
  const Error wrong = refused(with_user(redis, ":wr0ngword"));
  CHECK(wrong.code == Code::kInvalid);
  CHECK(says(wrong, "WRONGPASS"));
  CHECK_FALSE(says(wrong, "wr0ngword"));
}

TEST_CASE("redis server: an ACL user") {
  RedisServer redis;
  say(redis.url(), {"ACL", "SETUSER", "app", "on", ">s3cret", "~{*}:*", "&{*}:*", "+@all",
                    "-@admin", "-flushall"});
  works(with_user(redis, "app:s3cret"));
  CHECK(says(refused(with_user(redis, "app:wrong")), "WRONGPASS"));
  CHECK(says(refused(with_user(redis, "nobody:s3cret")), "WRONGPASS"));
}

TEST_CASE("redis server: an ACL user that may not see the policy is refused") {
  RedisServer redis;
  say(redis.url(), {"ACL", "SETUSER", "app", "on", ">s3cret", "~*", "&*", "+@all", "-info"});
  const Error error = refused(with_user(redis, "app:s3cret"));
  CHECK(error.code == Code::kInvalid);
  CHECK(says(error, "INFO memory"));
}

TEST_CASE("redis server: an ACL user that may not listen misses news, and nothing else") {
  RedisServer redis;
  say(redis.url(), {"ACL", "SETUSER", "app", "on", ">s3cret", "~*", "resetchannels", "+@all"});
  Member member(with_user(redis, "app:s3cret"));
  bool heard = false;
  member.queue->subscribe([&](std::span<const Announcement>) { heard = true; });
  REQUIRE(member.push("a", {1}).ok());
  CHECK(member.pop("r1", 1) == Numbers{1});
  say(redis.url(), {"ACL", "SETUSER", "app", "allchannels"});
  REQUIRE(member.eventually([&] {
    member.queue->announce({Announcement{id_of(1), Announcement::Phase::kDurable, nullptr}});
    return heard;
  }));
}

TEST_CASE("redis server: databases are apart") {
  RedisServer redis;
  Member three(redis.url() + "/3", "same"), four(redis.url() + "/4", "same");
  works(redis.url() + "/5");
  REQUIRE(three.push("a", {1, 2}).ok());
  CHECK(three.depth().waiting == 2);
  CHECK(four.depth().waiting == 0);
  const Error error = refused(redis.url() + "/99");
  CHECK(error.code == Code::kInvalid);
  CHECK(says(error, "out of range"));
}

TEST_CASE("redis server: a unix socket, with password and database") {
  TempFolder folder;
  const std::string socket = folder / "redis.sock";
  RedisServer redis({"--requirepass", "s3cret", "--unixsocket", socket});
  works("unix://:s3cret@" + socket + "?db=2");
  CHECK(says(refused("unix://" + socket), "NOAUTH"));
}

TEST_CASE("redis server: scripts that were flushed are loaded again, and nothing is lost") {
  RedisServer redis;
  Member member(redis.url());
  REQUIRE(member.push("a", {1}).ok());
  say(redis.url(), {"SCRIPT", "FLUSH"});
  CHECK(member.push("a", {2, 3}).ok());
  say(redis.url(), {"SCRIPT", "FLUSH"});
  CHECK(member.pop("r1", 10) == Numbers{1, 2, 3});
  say(redis.url(), {"SCRIPT", "FLUSH"});
  member.queue->acknowledge("r1", ids_of({1}));
  member.queue->give_back("r1", ids_of({3}));
  const Depth depth = member.depth();
  CHECK(depth.waiting == 1);
  CHECK(depth.delivered == 1);
}

TEST_CASE("redis server: killed and started again, it is away meanwhile, and then used again") {
  RedisServer redis;
  Member member(redis.url());
  REQUIRE(member.push("a", {1}).ok());
  REQUIRE(member.pop("r1", 1) == Numbers{1});
  std::vector<uint32_t> heard;
  member.queue->subscribe([&](std::span<const Announcement> news) {
    for (const Announcement& one : news) heard.push_back(number_of(one.id));
  });
  const auto pop = member.start_pop("r1", 10);
  REQUIRE(member.eventually([&] { return member.sent("BLPOP") > 0; }));

  redis.kill_hard();
  REQUIRE(member.eventually([&] { return !member.queue->ready().ok(); }));
  CHECK(member.queue->ready().error().code == Code::kUnavailable);
  CHECK(says(member.queue->ready().error(), std::to_string(redis.port())));
  for (int i = 0; i < 3; ++i) {
    const Status pushed = member.push("a", {2});
    REQUIRE_FALSE(pushed.ok());
    CHECK(pushed.error().code == Code::kUnavailable);
  }
  CHECK(member.ask_depth().error().code == Code::kUnavailable);
  CHECK_FALSE(member.ask<bool>(
      [&](auto done) { member.queue->lead("t", "me", Millis(1'000), std::move(done)); }));
  CHECK_FALSE(pop->answered);

  redis.restart();
  REQUIRE(member.eventually([&] { return member.queue->ready().ok(); }));
  REQUIRE(member.eventually([&] { return member.push("a", {3}).ok(); }));
  CHECK(member.finish(pop) == Numbers{3});
  // News come again, once somebody listens: its own connection comes back by itself.
  REQUIRE(member.eventually([&] {
    member.queue->announce({Announcement{id_of(7), Announcement::Phase::kDurable, nullptr}});
    return !heard.empty();
  }));
  CHECK(heard[0] == 7);
}

TEST_CASE("redis server: what is acknowledged and given back while it is away is said again") {
  RedisServer redis({"--appendonly", "yes", "--appendfsync", "always"});
  Member member(redis.url());
  REQUIRE(member.push("a", {1, 2, 3}).ok());
  REQUIRE(member.pop("r1", 10) == Numbers{1, 2, 3});
  const auto pop = member.start_pop("r1", 10);  // as a runner always has
  REQUIRE(member.eventually([&] { return member.sent("BLPOP") > 0; }));
  redis.kill_hard();
  REQUIRE(member.eventually([&] { return !member.queue->ready().ok(); }));
  member.queue->acknowledge("r1", ids_of({1}));
  member.queue->give_back("r1", ids_of({2}));
  redis.restart();
  CHECK(member.finish(pop) == Numbers{2});  // given back; not what is acknowledged or held
  REQUIRE(member.eventually([&] {
    const auto depth = member.ask_depth();
    return depth.ok() && depth->waiting == 0 && depth->delivered == 2;
  }));
}

// A runner that did not get around to saying that it is done must not see its jobs again.
TEST_CASE("redis server: after a break nothing is given twice") {
  RedisServer redis({"--appendonly", "yes", "--appendfsync", "always"});
  Member member(redis.url());
  for (uint32_t round = 0; round < 5; ++round) {
    REQUIRE(member.eventually([&] { return member.push("a", {round}).ok(); }));
    REQUIRE(member.pop("r1", 10) == Numbers{round});
    redis.kill_hard();
    member.queue->acknowledge("r1", ids_of({round}));
    redis.restart();
  }
  REQUIRE(member.eventually([&] {
    const auto depth = member.ask_depth();
    return depth.ok() && depth->waiting == 0 && depth->delivered == 0;
  }));
}

TEST_CASE("redis server: one that hangs is away, and is back when it goes on") {
  RedisServer redis;
  Member member(redis.url());
  REQUIRE(member.push("a", {1}).ok());
  redis.process().signal(SIGSTOP);
  CHECK(member.push("a", {2}).error().code == Code::kUnavailable);
  CHECK_FALSE(member.queue->ready().ok());
  redis.process().signal(SIGCONT);
  REQUIRE(member.eventually([&] { return member.push("a", {3}).ok(); }));
  CHECK(member.pop("r1", 1) == Numbers{1});
}

TEST_CASE("redis server: one that is not there yet is no error, and is used when it is") {
  RedisServer redis;
  redis.kill_hard();
  Member member(redis.url());
  CHECK_FALSE(member.queue->ready().ok());
  CHECK(member.push("a", {1}).error().code == Code::kUnavailable);
  const auto pop = member.start_pop("r1", 1);
  redis.restart();
  REQUIRE(member.eventually([&] { return member.push("a", {2}).ok(); }));
  CHECK(member.finish(pop) == Numbers{2});
}

// What is taken and acknowledged makes room; a queue that cannot be emptied when it is full stays
// so.
TEST_CASE("redis server: one whose memory is full refuses pushes, and can be emptied") {
  RedisServer redis;
  Member member(redis.url());
  Numbers numbers;
  for (uint32_t i = 0; i < 100; ++i) numbers.push_back(i);
  REQUIRE(member.push("a", numbers).ok());
  REQUIRE(member.pop("dead", 10).size() == 10);
  say(redis.url(), {"CONFIG", "SET", "maxmemory", "1"});

  const Status pushed = member.push("a", {1'000});
  REQUIRE_FALSE(pushed.ok());
  CHECK(pushed.error().code == Code::kUnavailable);
  CHECK(says(pushed.error(), "OOM"));

  Numbers got = member.pop("r1", 50);
  CHECK(got.size() == 50);
  member.queue->give_back("r1", ids_of({got[0]}));
  member.queue->acknowledge("r1", ids_of(got));
  member.heartbeat("r1");
  Depth depth = member.depth();
  CHECK(depth.waiting == 41);
  CHECK(depth.delivered == 10);
  bool left = false;
  member.queue->leave("dead", [&] { left = true; });
  REQUIRE(member.executor.turn_until([&] { return left; }));
  depth = member.depth();
  CHECK(depth.waiting == 51);
  CHECK(depth.delivered == 0);
}

// A master that became a replica, behind an address that stays: the connection is as good as lost.
TEST_CASE("redis server: one that takes no writes any more is left, and tried again") {
  RedisServer redis;
  Member member(redis.url());
  REQUIRE(member.push("a", {1}).ok());
  REQUIRE(member.pop("r1", 1) == Numbers{1});
  say(redis.url(), {"REPLICAOF", "127.0.0.1", "1"});
  const Status pushed = member.push("a", {2});
  REQUIRE_FALSE(pushed.ok());
  CHECK(pushed.error().code == Code::kUnavailable);
  member.queue->acknowledge("r1", ids_of({1}));  // kept, not lost
  say(redis.url(), {"REPLICAOF", "NO", "ONE"});
  REQUIRE(member.eventually([&] { return member.push("a", {3}).ok(); }));
  CHECK(member.depth().delivered == 0);
}
