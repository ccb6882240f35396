// Every route, on memory backends.
#include <catch2/catch.hpp>

#include "base/hash.h"
#include "world.h"

namespace sluice::test {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string id_of(const HttpReply& reply) {
  const size_t at = reply.body.find("\"InvocationId\":\"");
  return at == std::string::npos ? reply.header("x-invocation-id") : reply.body.substr(at + 16, 36);
}

Report failed(Outcome outcome, const std::string& message) {
  Report report;
  report.outcome = outcome;
  report.message = message;
  report.traceback = "a.lua:1: in main";
  report.logs = std::string("log \x01\xff\n");
  return report;
}

TEST_CASE("creating, listing, showing, replacing and deleting an action") {
  World world;
  CHECK(world.ask("GET", "/actions").body == "[]");
  const HttpReply created = world.create("hello", "source", R"(,"timeout":500,"maxmem":1024)");
  CHECK(created.status == 200);
  CHECK(created.body == "OK");
  CHECK(contains(created.header("content-type"), "text/plain"));
  const HttpReply list = world.ask("GET", "/actions");
  CHECK(list.body == R"([{"maxmem":1024,"name":"hello","size":106,"timeout":500}])");
  CHECK(list.header("content-type") == "application/json");
  const std::string details = world.ask("GET", "/actions/hello").body;
  CHECK(contains(details, "\"source_hash\":\"" + sha256("source").hex() + "\""));
  CHECK(contains(details, R"("version":1)"));
  CHECK(contains(details, R"("created_at":"2023-11-14T22:13:20.000Z")"));
  CHECK(world.ask("PUT", "/actions/hello", R"({"code":"eA==","name":"hello"})").status == 200);
  CHECK(contains(world.ask("GET", "/actions/hello").body, R"("version":2)"));
  CHECK(world.ask("DELETE", "/actions/hello").body == "OK");
  const HttpReply again = world.ask("DELETE", "/actions/hello");
  CHECK(again.status == 404);
  CHECK(again.body == "Action not found");
}

TEST_CASE(
    "a wrong action is told what is wrong, as text on the original's route and as JSON on ours") {
  World world;
  struct Case {
    const char* body;
    const char* says;
  };
  for (const Case& c : std::vector<Case>{
           {"", "body: is empty"},
           {"{", "body: is not JSON: line 1"},
           {"[]", "body: must be an object"},
           {R"({"code":"eA=="})", "body.name: is missing"},
           {R"({"name":"a"})", "body.code: is missing"},
           {R"({"name":"a b","code":"eA=="})", "body.name: must be 1 to 128"},
           {R"({"name":"a","code":"!!"})", "body.code: must be base64"},
           {R"({"name":"a","code":""})", "body.code: must not be empty"},
           {R"({"name":"a","code":"eA==","timeout":"1"})", "body.timeout: must be an integer"},
           {R"({"name":"a","code":"eA==","timeout":-1})", "body.timeout: must be an integer"},
           {R"({"name":"a","code":"eA==","timeout":600001})", "to 600000"},
           {R"({"name":"a","code":"eA==","maxmem":1048577})", "body.maxmem"},
           {R"({"name":"a","code":"eA==","max_concurrency":10001})",
            "body.max_concurrency: must be an integer from 0 to 10000"},
           {R"({"name":"a","code":"eA==","max_concurrency":-1})", "from 0 to 10000"},
           {R"({"name":"a","code":"eA==","max_concurrency":1.5})", "from 0 to 10000"},
           {R"({"name":"a","code":"eA==","max_concurrency":"1"})", "from 0 to 10000, is"},
           {R"({"name":"a","code":"eA==","allow":"mongo"})",
            "body.allow: must be an array of at most 64 strings, is a string"},
           {R"({"name":"a","code":"eA==","allow":["kv",1]})",
            "body.allow[1]: must be a string, is a number"},
           {R"({"name":"a","code":"eA==","allow":["kv","a,b"]})",
            "body.allow[1]: must be the name of a plugin: 1 to 64 of the characters"},
           {R"({"name":"a","code":"eA==","allow":[""]})", "body.allow[0]: must be the name"},
           {R"({"name":"a","code":"eA==","allow":["kv","http","kv"]})",
            "body.allow[2]: names 'kv' a second time"},
           {R"({"name":"a","code":"eA==","colour":1})", "body.colour: is unknown"},
       }) {
    INFO(c.body);
    const HttpReply reply = world.ask("POST", "/actions", c.body);
    CHECK(reply.status == 400);
    CHECK(contains(reply.header("content-type"), "text/plain"));
    INFO(reply.body);
    CHECK(contains(reply.body, c.says));
  }
  const HttpReply syntax = world.create("a", "syntax error");
  CHECK(syntax.status == 400);
  CHECK(syntax.body == "a.lua:1: syntax error");
  const HttpReply put = world.ask("PUT", "/actions/a", R"({"code":"eA==","name":"b"})");
  CHECK(put.status == 400);
  CHECK(contains(put.body, R"("code":"invalid")"));
  CHECK(contains(put.body, R"("where":"body.name")"));
}

TEST_CASE("the max_concurrency of an action is shown, and the queue knows it when it is answered") {
  World world;
  const auto shown = [&] {
    const std::string body = world.ask("GET", "/actions/a").body;
    const size_t at = body.find("\"max_concurrency\":");
    return at == std::string::npos ? "none" : body.substr(at + 18, body.find(',', at) - at - 18);
  };
  const auto known = [&]() -> uint32_t {
    std::optional<Rules> rules;
    world.queue.rules([&](Result<Rules> found) { rules = *std::move(found); });
    REQUIRE(turn_until(world.loop, [&] { return rules.has_value(); }));
    if (rules->all.empty()) return 0;
    REQUIRE(rules->all.size() == 1);
    CHECK(rules->all[0].ns == "default");
    CHECK(rules->all[0].action == "a");
    return rules->all[0].rule.max_delivered;
  };
  REQUIRE(world.create("a", "source", R"(,"max_concurrency":3)").status == 200);
  CHECK(shown() == "3");
  CHECK(known() == 3);
  // The original's list has four members, whatever else there is.
  CHECK(world.ask("GET", "/actions").body == R"([{"maxmem":0,"name":"a","size":106,"timeout":0}])");

  // Who replaces the code and knows of no cap does not lift it.
  const HttpReply kept = world.ask("PUT", "/actions/a", R"({"code":"eA=="})");
  CHECK(contains(kept.body, R"("max_concurrency":3,)"));
  CHECK(known() == 3);
  CHECK(world.ask("PUT", "/actions/a", R"({"code":"eA==","max_concurrency":10000})").status == 200);
  CHECK(known() == 10'000);
  CHECK(world.ask("PUT", "/actions/a", R"({"code":"eA==","max_concurrency":0})").status == 200);
  CHECK(shown() == "0");
  CHECK(known() == 0);

  CHECK(world.ask("PUT", "/actions/a", R"({"code":"eA==","max_concurrency":2})").status == 200);
  CHECK(world.ask("DELETE", "/actions/a").status == 200);
  CHECK(known() == 0);
  REQUIRE(world.create("a").status == 200);
  CHECK(shown() == "0");
}

TEST_CASE("which plugins an action may use is shown, kept, and copied into what is submitted") {
  World world;
  const auto allow_in = [](const std::string& body) {
    const size_t at = body.find("\"allow\":");
    REQUIRE(at != std::string::npos);
    const size_t end = body.find_first_of(body[at + 8] == '[' ? "]" : ",", at);
    return body.substr(at + 8, end + (body[at + 8] == '[') - at - 8);
  };
  const auto id_in = [](const std::string& body) {
    const size_t at = body.find("InvocationId\":\"");
    REQUIRE(at != std::string::npos);
    return body.substr(at + 15, 36);
  };
  const auto shown = [&] { return allow_in(world.ask("GET", "/actions/a").body); };
  REQUIRE(world.create("a").status == 200);
  CHECK(shown() == "null");
  REQUIRE(world.ask("DELETE", "/actions/a").status == 200);
  REQUIRE(world.create("a", "source", R"(,"allow":["mongo","http"])").status == 200);
  CHECK(shown() == R"(["mongo","http"])");
  CHECK(world.ask("GET", "/actions").body == R"([{"maxmem":0,"name":"a","size":106,"timeout":0}])");

  const std::string id = id_in(world.ask("POST", "/actions/a").body);
  // Who replaces the code and says nothing of plugins gives the action no more of them.
  CHECK(allow_in(world.ask("PUT", "/actions/a", R"({"code":"eA=="})").body) ==
        R"(["mongo","http"])");
  CHECK(world.ask("PUT", "/actions/a", R"({"code":"eA==","allow":[]})").status == 200);
  CHECK(shown() == "[]");
  const std::string none = id_in(world.ask("POST", "/actions/a").body);
  CHECK(world.ask("PUT", "/actions/a", R"({"code":"eA==","allow":null})").status == 200);
  CHECK(shown() == "null");
  const std::string all = id_in(world.ask("POST", "/actions/a").body);
  // What was submitted keeps what it was submitted with.
  CHECK(allow_in(world.ask("GET", "/invocations/" + id).body) == R"(["mongo","http"])");
  CHECK(allow_in(world.ask("GET", "/invocations/" + none).body) == "[]");
  CHECK(allow_in(world.ask("GET", "/invocations/" + all).body) == "null");
}

TEST_CASE("up to 64 plugins can be named, each up to 64 characters long") {
  World world;
  const auto names = [](int count) {
    std::string list;
    for (int i = 100; i < 100 + count; ++i)
      list += (list.empty() ? "\"" : ",\"") + std::string(61, 'p') + std::to_string(i) + "\"";
    return ",\"allow\":[" + list + "]";
  };
  CHECK(world.create("a", "source", names(64)).status == 200);
  const HttpReply reply = world.create("b", "source", names(65));
  CHECK(reply.status == 400);
  CHECK(contains(reply.body, "body.allow: must be an array of at most 64 strings"));
  const std::string long_name(65, 'p');
  CHECK(world.create("b", "source", ",\"allow\":[\"" + long_name + "\"]").status == 400);
}

TEST_CASE("a source that is too large is refused") {
  api::ApiOptions options;
  options.max_source_bytes = 10;
  World world(options);
  CHECK(world.create("a", "0123456789").status == 200);
  CHECK(contains(world.create("b", "0123456789x").body, "must not exceed 10 bytes, has 11"));
}

TEST_CASE("a blocking run answers its result, or how it failed") {
  World world;
  REQUIRE(world.create("a").status == 200);
  const HttpReply good = world.ask("POST", "/actions/a/block", R"({"x":[1,2.5,null]})");
  CHECK(good.status == 200);
  CHECK(good.body == R"({"x":[1,2.5,null]})");
  CHECK(good.header("content-type") == "application/json");
  CHECK(good.header("x-invocation-id").size() == 36);
  CHECK(world.ask("POST", "/actions/a/block").body == "null");

  world.runner.behaviour = [](const Submission&) {
    return failed(Outcome::kOutOfMemory, "too \"much\"");
  };
  const HttpReply bad = world.ask("POST", "/actions/a/block");
  CHECK(bad.status == 500);
  CHECK(bad.body == R"({"err":7,"message":"too \"much\"","InvocationId":")" +
                        bad.header("x-invocation-id") + "\"}");
  CHECK(world.ask("POST", "/actions/none/block").body == "Action not found");
}

TEST_CASE("wrong requests to run are refused") {
  World world;
  REQUIRE(world.create("a").status == 200);
  for (const char* target : {"/actions/a", "/actions/a/block"}) {
    const HttpReply reply = world.ask("POST", target, R"({"a":})");
    CHECK(reply.status == 400);
    CHECK(contains(reply.body, "body: is not JSON: line 1, column 6"));
    CHECK(world.ask("POST", target, "1", "Idempotency-Key: \r\n").status == 400);
    CHECK(world.ask("POST", target, "1", "Idempotency-Key: " + std::string(256, 'k') + "\r\n")
              .status == 400);
    CHECK(world.ask("POST", target, "1", "Idempotency-Key: a\r\nIdempotency-Key: a\r\n").status ==
          400);
  }
  for (const char* wait : {"soon", "-1", "1.5", "", "1s"})
    CHECK(contains(world.ask("POST", std::string("/actions/a/block?wait=") + wait).body, "?wait"));
  CHECK(world.ask("POST", "/actions/a/block?durable=maybe").status == 400);
  CHECK(world.runner.runs == 0);
}

TEST_CASE("a blocking run does not wait for the disk, unless it is asked to") {
  World world;
  REQUIRE(world.create("a").status == 200);
  world.store.hold_inserts = world.store.hold_finishes = true;
  CHECK(world.ask("POST", "/actions/a/block", "1").status == 200);
  world.store.release();

  Client client(world.loop, world.api->port());
  SECTION("by ?durable=1") {
    client.send(request("POST", "/actions/a/block?durable=1", "2"));
  }
  SECTION("by a key") {
    client.send(request("POST", "/actions/a/block", "2", "Idempotency-Key: k\r\n"));
    REQUIRE(turn_until(world.loop, [&] { return world.store.held() == 1; }));
    world.store.release();  // the insert
  }
  REQUIRE(turn_until(world.loop, [&] { return world.runner.runs == 2; }));
  client.settle();
  CHECK(client.received().empty());
  world.store.release();
  CHECK(client.reply().body == "2");
}

TEST_CASE("block = durable makes every blocking run wait for the disk, and hurries it") {
  api::ApiOptions options;
  options.block_durable = true;
  World world(options);
  REQUIRE(world.create("a").status == 200);
  world.store.hold_finishes = true;
  Client client(world.loop, world.api->port());
  client.send(request("POST", "/actions/a/block", "2"));
  REQUIRE(turn_until(world.loop, [&] { return world.store.held() == 1; }));
  client.settle();
  CHECK(client.received().empty());
  CHECK(world.store.hurried.size() == 1);
  world.store.release();
  CHECK(client.reply().body == "2");
}

TEST_CASE("when the wait is over a blocking run answers 202, once its record is durable") {
  World world;
  REQUIRE(world.create("a").status == 200);
  world.queue.stop_pop("fake");  // nobody runs anything
  world.store.hold_inserts = true;
  Client client(world.loop, world.api->port());
  client.send(request("POST", "/actions/a/block?wait=100", "2"));
  REQUIRE(turn_until(world.loop, [&] { return world.api->waiting() == 1; }));
  client.settle();
  world.clock.advance(Millis(101));
  world.api->tick_waiters();
  client.settle();
  CHECK(client.received().empty());
  CHECK(world.store.hurried.size() == 1);
  world.store.release();
  const HttpReply reply = client.reply();
  CHECK(reply.status == 202);
  CHECK(reply.header("x-invocation-id") == id_of(reply));
  CHECK(reply.header("location") == "/invocations/" + id_of(reply));
}

TEST_CASE("the default wait of a blocking run is its action's time limit and half a minute") {
  World world;
  REQUIRE(world.create("a", "s", R"(,"timeout":5000)").status == 200);
  world.queue.stop_pop("fake");
  Client client(world.loop, world.api->port());
  client.send(request("POST", "/actions/a/block", "2"));
  REQUIRE(turn_until(world.loop, [&] { return world.api->waiting() == 1; }));
  world.clock.advance(Millis(34'999));
  world.api->tick_waiters();
  CHECK(world.api->waiting() == 1);
  world.clock.advance(Millis(1));
  world.api->tick_waiters();
  CHECK(client.reply().status == 202);
}

TEST_CASE("accepting answers 202 only once the record is durable") {
  World world;
  REQUIRE(world.create("a").status == 200);
  world.store.hold_inserts = true;
  Client client(world.loop, world.api->port());
  client.send(request("POST", "/actions/a", "[1]"));
  REQUIRE(turn_until(world.loop, [&] { return world.store.held() == 1; }));
  client.settle();
  CHECK(client.received().empty());
  world.store.release();
  const HttpReply reply = client.reply();
  CHECK(reply.status == 202);
  CHECK(reply.body == "{\"InvocationId\":\"" + id_of(reply) + "\"}");
  CHECK(reply.header("location") == "/invocations/" + id_of(reply));
  CHECK(world.ask("GET", "/invocation/" + id_of(reply)).body == "[1]");
}

TEST_CASE("the same key is the same invocation, blocking or not, and another action's is not") {
  World world;
  REQUIRE(world.create("a").status == 200);
  REQUIRE(world.create("b").status == 200);
  const std::string key = "Idempotency-Key: order 17\r\n";
  const HttpReply first = world.ask("POST", "/actions/a", "1", key);
  const HttpReply second = world.ask("POST", "/actions/a", "2", key);
  CHECK(second.status == 202);
  CHECK(second.body == "{\"InvocationId\":\"" + id_of(first) + "\",\"deduplicated\":true}");
  const HttpReply blocking = world.ask("POST", "/actions/a/block", "3", key);
  CHECK(blocking.body == "1");
  CHECK(blocking.header("x-invocation-id") == id_of(first));
  CHECK(world.ask("POST", "/actions/b/block", "4", key).body == "4");
  CHECK(world.runner.runs == 2);
}

TEST_CASE("a store that cannot record is 503 or 429, with when to come again") {
  World world;
  REQUIRE(world.create("a").status == 200);
  const bool full = GENERATE(false, true);
  world.store.refuse = Error{full ? Code::kFull : Code::kUnavailable, "store.insert", "no room"};
  for (const char* target : {"/actions/a", "/actions/a/block?durable=1"}) {
    Client client(world.loop, world.api->port());
    client.send(request("POST", target, "1"));
    REQUIRE(turn_until(world.loop, [&] { return world.store.held() == 1; }));
    world.store.release();
    const HttpReply reply = client.reply();
    CHECK(reply.status == (full ? 429 : 503));
    CHECK(reply.header("retry-after") == "1");
    CHECK(reply.body == "no room");
    CHECK(world.api->waiting() == 0);
  }
  CHECK(world.ask("GET", "/readyz").status == 503);
  CHECK(world.ask("GET", "/healthz").status == 200);
}

TEST_CASE("a server whose workers cannot be started is not ready, and says why") {
  World world;
  CHECK(world.ask("GET", "/readyz").status == 200);
  world.compiler.health =
      Error{Code::kUnavailable, "pool", "no sandbox worker (/x) can be started: it exited"};
  const HttpReply reply = world.ask("GET", "/readyz");
  CHECK(reply.status == 503);
  CHECK(reply.body.find("sandbox") != std::string::npos);
  CHECK(reply.body.find("it exited") != std::string::npos);
}

TEST_CASE("resolving waits for the end, and no longer than it may") {
  World world;
  REQUIRE(world.create("a").status == 200);
  world.queue.stop_pop("fake");
  const std::string id = id_of(world.ask("POST", "/actions/a", "[7]"));
  const std::string target = "/invocation/" + id;
  SECTION("it is told the state when the wait is over") {
    Client client(world.loop, world.api->port());
    client.send(request("GET", target));
    REQUIRE(turn_until(world.loop, [&] { return world.api->waiting() == 1; }));
    world.clock.advance(Millis(1499));
    world.api->tick_waiters();
    CHECK(world.api->waiting() == 1);
    world.clock.advance(Millis(1));
    world.api->tick_waiters();
    const HttpReply reply = client.reply();
    CHECK(reply.status == 202);
    CHECK(reply.body == "{\"InvocationId\":\"" + id + "\",\"state\":\"queued\"}");
  }
  SECTION("without a wait it is told at once") {
    CHECK(world.ask("GET", target + "?wait=0").status == 202);
  }
  SECTION("it is woken by the end, also when only the id is announced") {
    world.runner.announces_reports = GENERATE(true, false);
    Client client(world.loop, world.api->port());
    client.send(request("GET", target));
    REQUIRE(turn_until(world.loop, [&] { return world.api->waiting() == 1; }));
    client.settle();
    world.runner.start();
    CHECK(client.reply().body == "[7]");
  }
  SECTION("a failed one is 500 with the message") {
    world.runner.behaviour = [](const Submission&) {
      return failed(Outcome::kFailed, "a.lua:1: no");
    };
    world.runner.start();
    const HttpReply reply = world.ask("GET", target);
    CHECK(reply.status == 500);
    CHECK(reply.body == "a.lua:1: no");
    CHECK(contains(reply.header("content-type"), "text/plain"));
  }
  SECTION("unknown ones are 404") {
    CHECK(world.ask("GET", "/invocation/17").body == "Invocation not found");
    const HttpReply none = world.ask("GET", "/invocation/01890000-0000-7000-8000-000000000000");
    CHECK(none.status == 404);
    CHECK(world.api->waiting() == 0);
  }
}

TEST_CASE("too many waiting requests are turned away") {
  api::ApiOptions options;
  options.max_waiting = 1;
  World world(options);
  REQUIRE(world.create("a").status == 200);
  world.queue.stop_pop("fake");
  Client first(world.loop, world.api->port());
  first.send(request("POST", "/actions/a/block", "1"));
  REQUIRE(turn_until(world.loop, [&] { return world.api->waiting() == 1; }));
  const HttpReply second = world.ask("POST", "/actions/a/block", "1");
  CHECK(second.status == 429);
  CHECK(second.header("retry-after") == "1");
}

TEST_CASE("the whole record") {
  World world;
  REQUIRE(world.create("a", "s", R"(,"timeout":5000,"maxmem":2048)").status == 200);
  const std::string good =
      world
          .ask("GET", "/invocations/" +
                          id_of(world.ask("POST", "/actions/a/block?durable=1", R"({"p":1})")))
          .body;
  INFO(good);
  for (const char* part :
       {R"("state":"done")", R"("outcome":"succeeded")", R"("action":"a")", R"("version":1)",
        R"("attempt":1)", R"("deliveries":1)", R"("queue_wait_ms":0)", R"("duration_ms":0)",
        R"("result":{"p":1})", R"("payload":{"p":1})", R"("limits":{"timeout":5000,"maxmem":2048})",
        R"("created_at":"2023-)"})
    CHECK(contains(good, part));

  world.runner.behaviour = [](const Submission&) { return failed(Outcome::kFailed, "no"); };
  const HttpReply bad =
      world.ask("GET", "/invocations/" + id_of(world.ask("POST", "/actions/a/block?durable=1")));
  CHECK(contains(bad.body, R"("error":{"code":6,"message":"no","traceback":"a.lua:1: in main"})"));
  CHECK(contains(bad.body, "\"logs\":\"log \\u0001\xef\xbf\xbd\\n\""));

  const HttpReply none = world.ask("GET", "/invocations/17");
  CHECK(none.status == 404);
  CHECK(none.body == R"({"code":"not_found","message":"Invocation not found","where":""})");
}

TEST_CASE("draining answers those who wait, and refuses what is new") {
  World world;
  REQUIRE(world.create("a").status == 200);
  world.queue.stop_pop("fake");
  Client waiting(world.loop, world.api->port());
  waiting.send(request("POST", "/actions/a/block", "1") + request("POST", "/actions/a", "1"));
  REQUIRE(turn_until(world.loop, [&] { return world.api->waiting() == 1; }));
  waiting.settle();
  bool done = false;
  SECTION("with their result, when it comes within the grace") {
    world.api->drain(Millis(60'000), [&] { done = true; });
    world.runner.start();
    CHECK(waiting.reply().body == "1");
  }
  SECTION("with 202, when the grace is over") {
    world.api->drain(Millis(0), [&] { done = true; });
    CHECK(waiting.reply().status == 202);
  }
  waiting.rest();
  waiting.close();
  CHECK(turn_until(world.loop, [&] { return done; }));
}

}  // namespace
}  // namespace sluice::test
