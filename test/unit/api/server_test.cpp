// The HTTP server over real sockets, with a few routes of its own.
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "api/http/server.h"
#include "api/router.h"
#include "world.h"

namespace sluice::test {
namespace {

using namespace api;

struct HttpWorld {
  explicit HttpWorld(ServerOptions options = {})
      : router({{Method::kGet, "/ping", Role::kAnyone, ErrorShape::kText,
                 [this](Request&, Responder responder) {
                   order += 'p';
                   responder.answer(text_reply(200, "OK"));
                 }},
                {Method::kPost, "/echo", Role::kAnyone, ErrorShape::kText,
                 [this](Request& request, Responder responder) {
                   order += 'e';
                   responder.answer(text_reply(200, std::move(request.body)));
                 }},
                {Method::kGet, "/later", Role::kAnyone, ErrorShape::kJson,
                 [this](Request&, Responder responder) { later.push_back(std::move(responder)); }},
                {Method::kGet, "/big", Role::kAnyone, ErrorShape::kJson,
                 [this](Request&, Responder responder) {
                   ++big;
                   responder.answer(text_reply(200, std::string(1 << 20, 'b')));
                 }}},
               access),
        server(loop, clock, router, by_hand(options)) {
    REQUIRE(server.listen("127.0.0.1", 0).ok());
  }
  // No time but the test's own passes.
  static ServerOptions by_hand(ServerOptions options) {
    options.tick = std::chrono::milliseconds(0);
    return options;
  }
  void ticks(int count) {
    for (int i = 0; i < count; ++i) server.tick();
  }

  Loop loop;
  ManualClock clock;
  std::vector<Responder> later;
  std::string order;  // of what /ping and /echo handled
  size_t big = 0;     // requests of /big handled
  Access access{{.hosts = {"h", "test"}, .origins = {}, .tokens = {}}};
  Router router;
  Server server;
};

const std::string kPing = "GET /ping HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_CASE("a connection is kept for the next request") {
  HttpWorld world;
  Client client(world.loop, world.server.port());
  for (int i = 0; i < 3; ++i) {
    const HttpReply reply = client.ask(kPing);
    CHECK(reply.status == 200);
    CHECK(reply.body == "OK");
    CHECK(reply.header("connection") == "");
    CHECK(reply.header("date").ends_with(" GMT"));
  }
  CHECK(world.server.connection_count() == 1);
  const HttpReply last = client.ask("GET /ping HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(last.header("connection") == "close");
  CHECK(client.rest().empty());
}

TEST_CASE("HTTP/1.0 closes, unless it asks not to") {
  HttpWorld world;
  Client client(world.loop, world.server.port());
  CHECK(client.ask("GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").header("connection") ==
        "keep-alive");
  CHECK(client.ask("GET /ping HTTP/1.0\r\n\r\n").header("connection") == "close");
  CHECK(client.rest().empty());
}

TEST_CASE("HEAD answers like GET, without the body") {
  HttpWorld world;
  Client client(world.loop, world.server.port());
  client.send("HEAD /ping HTTP/1.1\r\nHost: h\r\n\r\n" + kPing);
  const HttpReply head = client.reply(true);
  CHECK(head.status == 200);
  CHECK(head.header("content-length") == "2");
  CHECK(client.reply().body == "OK");
}

TEST_CASE("pipelined requests are answered in order, whatever their answers take") {
  HttpWorld world;
  const std::string later = "GET /later HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string all = later + request("POST", "/echo", "two") + later + kPing;
  for (size_t cut = 0; cut <= all.size(); cut += 7) {
    Client client(world.loop, world.server.port());
    client.send(all.substr(0, cut));
    client.settle();
    client.send(all.substr(cut));
    REQUIRE(turn_until(world.loop, [&] { return world.later.size() == 1; }));
    client.settle();
    CHECK(client.received().empty());  // the answer to the second must not overtake
    world.later.front().answer(text_reply(200, "one"));
    world.later.clear();
    CHECK(client.reply().body == "one");
    CHECK(client.reply().body == "two");
    REQUIRE(turn_until(world.loop, [&] { return world.later.size() == 1; }));
    world.later.front().answer(text_reply(200, "three"));
    world.later.clear();
    CHECK(client.reply().body == "three");
    CHECK(client.reply().body == "OK");
  }
}

TEST_CASE("a responder that is dropped answers 500") {
  HttpWorld world;
  Client client(world.loop, world.server.port());
  client.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(turn_until(world.loop, [&] { return !world.later.empty(); }));
  world.later.clear();
  const HttpReply reply = client.reply();
  CHECK(reply.status == 500);
  CHECK(reply.body.find("\"code\":\"internal\"") != std::string::npos);
}

TEST_CASE("an answer to a client that has gone is dropped") {
  HttpWorld world;
  auto client = std::make_unique<Client>(world.loop, world.server.port());
  client->send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(turn_until(world.loop, [&] { return !world.later.empty(); }));
  SECTION("with a reset before the answer, and before another request is let in") {
    client.reset();
    world.server.close_all();
    REQUIRE(turn_until(world.loop, [&] { return world.server.connection_count() == 0; }));
    world.later.front().answer(text_reply(200, "late"));
  }
  SECTION("unnoticed until the answer is written") {
    client.reset();
    world.later.front().answer(text_reply(200, "late"));
    REQUIRE(turn_until(world.loop, [&] { return world.server.connection_count() == 0; }));
  }
  world.later.clear();
  CHECK(Client(world.loop, world.server.port()).ask(kPing).status == 200);
}

TEST_CASE("a client that goes in mid-request leaves nothing behind") {
  HttpWorld world;
  {
    Client client(world.loop, world.server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhal");
    REQUIRE(turn_until(world.loop, [&] { return world.server.connection_count() == 1; }));
  }
  CHECK(turn_until(world.loop, [&] { return world.server.connection_count() == 0; }));
}

TEST_CASE("a client that sends no more still gets its answers") {
  HttpWorld world;
  Client client(world.loop, world.server.port());
  client.send(kPing + "GET /later HTTP/1.1\r\nHost: h\r\n\r\n" + kPing);
  client.shut_down();
  CHECK(client.reply().body == "OK");
  REQUIRE(turn_until(world.loop, [&] { return world.later.size() == 1; }));
  client.settle();
  world.later.front().answer(text_reply(200, "late"));
  CHECK(client.reply().body == "late");
  CHECK(client.reply().body == "OK");
  CHECK(client.rest().empty());
}

TEST_CASE("a body that is too large is refused before it is read, and the client can read why") {
  ServerOptions options;
  options.limits.body_bytes = 1000;
  HttpWorld world(options);
  Client client(world.loop, world.server.port());
  SECTION("by its Content-Length") {
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n");
    client.send(std::string(4'000'000, 'x'));
  }
  SECTION("while its chunks come") {
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 100; ++i) client.send("10\r\n0123456789abcdef\r\n");
  }
  const HttpReply reply = client.reply();
  CHECK(reply.status == 413);
  CHECK(reply.header("connection") == "close");
  CHECK(reply.header("content-type").find("text/plain") == 0);  // as its route has it
  CHECK(reply.body.find("1000 bytes") != std::string::npos);
  client.shut_down();
  CHECK(client.rest().empty());
}

TEST_CASE("100 Continue comes before the body, and not where the body is refused") {
  HttpWorld world;
  Client client(world.loop, world.server.port());
  const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n";
  CHECK(client.ask(head + "Content-Length: 2\r\n\r\n").status == 100);
  CHECK(client.ask("ab").body == "ab");
  CHECK(client.ask(head + "Content-Length: 2\r\n\r\nab").status == 200);
  CHECK(client.ask(head + "Content-Length: 99999999\r\n\r\n").status == 413);
}

TEST_CASE("what came before a wrong request is answered first") {
  HttpWorld world;
  Client client(world.loop, world.server.port());
  client.send(kPing + kPing + "NONSENSE\r\n\r\n");
  CHECK(client.reply().status == 200);
  CHECK(client.reply().status == 200);
  const HttpReply reply = client.reply();
  CHECK(reply.status == 400);
  CHECK(reply.body.find("\"code\":\"bad_request\"") != std::string::npos);
  CHECK(client.rest().empty());
}

TEST_CASE("a slow reader holds back its own requests, and loses nothing") {
  HttpWorld world;
  Client client(world.loop, world.server.port());
  client.stop_reading();
  constexpr int kCount = 40;
  for (int i = 0; i < kCount; ++i) client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  client.settle();
  client.go_on_reading();
  for (int i = 0; i < kCount; ++i) REQUIRE(client.reply().body.size() == 1 << 20);
  CHECK(client.ask(kPing).body == "OK");
}

TEST_CASE("time limits") {
  HttpWorld world;
  Client client(world.loop, world.server.port());
  SECTION("an idle connection is closed without a word") {
    CHECK(client.ask(kPing).status == 200);
    world.ticks(74);
    client.settle();
    CHECK(!client.ended());
    world.ticks(1);
    CHECK(client.rest().empty());
  }
  SECTION("a head that drips in is refused") {
    client.send("GET /ping HTTP/1.1\r\nA: ");
    client.settle();
    for (int i = 0; i < 9; ++i) {
      client.send("x");
      client.settle();
      CHECK(client.received().empty());
      world.ticks(1);
    }
    world.ticks(1);
    const HttpReply reply = client.reply();
    CHECK(reply.status == 408);
    CHECK(reply.body.find("the request's headers did not come to an end within 10 seconds") !=
          std::string::npos);
  }
  SECTION("a head that does not end is refused") {
    client.send("GET /ping HTTP/1.1\r\n");
    client.settle();
    world.ticks(10);
    CHECK(client.reply().status == 408);
  }
  SECTION(
      "a body that drips in is refused when its time is over, which begins with its first byte") {
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Le");
    client.settle();
    world.ticks(9);
    client.send("ngth: 100\r\n\r\n");
    for (int i = 0; i < 59; ++i) {
      client.send("x");
      client.settle();
      CHECK(client.received().empty());
      world.ticks(1);
    }
    world.ticks(1);
    const HttpReply reply = client.reply();
    CHECK(reply.status == 408);
    CHECK(reply.body.find("the request's body did not come to an end within 60 seconds") !=
          std::string::npos);
  }
  SECTION("a reader that stalls is closed") {
    client.stop_reading();
    for (int i = 0; i < 30; ++i) client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(turn_until(world.loop, [&] {
      world.ticks(1);
      return world.server.connection_count() == 0;
    }));
  }
  SECTION("a reader that stalls is closed, though it goes on sending") {
    client.stop_reading();
    for (int i = 0; i < 30; ++i) client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
    int ticks = 0;  // the kernel may take some more at first
    for (; ticks < 1000 && world.server.connection_count() > 0; ++ticks) {
      client.send("G");
      client.settle();
      world.ticks(1);
    }
    CHECK(world.server.connection_count() == 0);
    CHECK(ticks < 1000);
  }
  SECTION("a reader that takes its time is let be") {
    constexpr int kAnswers = 30;
    client.stop_reading();
    for (int i = 0; i < kAnswers; ++i) client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
    client.settle();
    for (int i = 0; i < kAnswers; ++i) {
      world.ticks(20);
      client.go_on_reading();
      REQUIRE(client.reply().body.size() == 1 << 20);
      client.stop_reading();
    }
  }
  SECTION("a request whose answer takes long is let be") {
    client.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(turn_until(world.loop, [&] { return !world.later.empty(); }));
    world.ticks(1000);
    world.later.front().answer(text_reply(200, "at last"));
    CHECK(client.reply().body == "at last");
  }
  world.later.clear();
}

TEST_CASE("a client that pipelines and does not read costs bounded memory, and holds up nobody") {
  HttpWorld world;
  Client greedy(world.loop, world.server.port());
  greedy.stop_reading();
  std::string all;
  for (int i = 0; i < 2000; ++i) all += "GET /big HTTP/1.1\r\nHost: h\r\n\r\n";
  greedy.send(std::string_view(all).substr(0, 60'000));
  greedy.settle();
  const size_t answered = world.big;
  CHECK(answered > 0);
  CHECK(answered < 100);  // what the kernel took, and one that waits; not all of 1600
  Client other(world.loop, world.server.port());
  for (int i = 0; i < 10; ++i) CHECK(other.ask(kPing).status == 200);
}

TEST_CASE("a client that pipelines lets others in between") {
  HttpWorld world;
  std::string all;
  for (int i = 0; i < 1000; ++i) all += request("POST", "/echo", "x");
  Client greedy(world.loop, world.server.port());
  Client other(world.loop, world.server.port());
  greedy.send(std::string_view(all).substr(0, 1));
  greedy.settle();
  world.order.clear();
  greedy.send(std::string_view(all).substr(1, 60'000));  // is with the kernel when the loop turns
  other.send(kPing);
  CHECK(other.reply().body == "OK");
  for (int i = 0; i < 500; ++i) REQUIRE(greedy.reply().body == "x");
  const size_t before = world.order.find('p');
  CHECK(before != std::string::npos);
  CHECK(before < 400);  // of a thousand
}

TEST_CASE("2,000 slow clients of every kind leave the others their answers") {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const size_t count = std::min<size_t>(2000, (files.rlim_cur - 100) / 2);
  HttpWorld world;
  std::vector<std::unique_ptr<Client>> slow;
  const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\n";
  for (size_t i = 0; i < count; ++i) {
    slow.push_back(std::make_unique<Client>(world.loop, world.server.port()));
    slow.back()->stop_reading();
    if (i % 3 == 0) slow.back()->send("P");
    if (i % 3 == 1) slow.back()->send(head + "Content-Length: 1000\r\n\r\n");
    if (i % 3 == 2) slow.back()->send("GET /ping HTTP/1.1\r\nHost: h\r\n\r\nG");
  }
  REQUIRE(turn_until(world.loop, [&] { return world.server.connection_count() == count; }));
  Client normal(world.loop, world.server.port());
  for (size_t second = 0; second < 9; ++second) {
    const std::string_view next[] = {std::string_view(head).substr(second + 1, 1), "x",
                                     std::string_view(kPing).substr(second + 1, 1)};
    for (size_t i = 0; i < count; ++i) slow[i]->send(next[i % 3]);
    for (int i = 0; i < 20; ++i) {
      REQUIRE(normal.ask(kPing).body == "OK");
      REQUIRE(normal.ask(request("POST", "/echo", "normal")).body == "normal");
    }
    world.ticks(1);
  }
  CHECK(world.server.connection_count() == count + 1);
  world.ticks(60);  // a minute later they are gone, and those who behave are not
  CHECK(normal.ask(kPing).body == "OK");
  world.ticks(16);
  CHECK(turn_until(world.loop, [&] { return world.server.connection_count() == 1; }));
  CHECK(normal.ask(kPing).body == "OK");
}

TEST_CASE("one connection too many is told so") {
  ServerOptions options;
  options.max_connections = 2;
  HttpWorld world(options);
  Client first(world.loop, world.server.port());
  Client second(world.loop, world.server.port());
  CHECK(first.ask(kPing).status == 200);
  CHECK(second.ask(kPing).status == 200);
  Client third(world.loop, world.server.port());
  const HttpReply reply = third.reply();
  CHECK(reply.status == 503);
  CHECK(reply.header("retry-after") == "1");
  first.close();
  REQUIRE(turn_until(world.loop, [&] { return world.server.connection_count() == 1; }));
  CHECK(Client(world.loop, world.server.port()).ask(kPing).status == 200);
}

TEST_CASE("one connection too many from one address is told so, and another's is not") {
  ServerOptions options;
  options.max_connections = 10;
  options.max_connections_per_ip = 2;
  HttpWorld world(options);
  auto first = std::make_unique<Client>(world.loop, world.server.port());
  Client second(world.loop, world.server.port());
  CHECK(first->ask(kPing).status == 200);
  CHECK(second.ask(kPing).status == 200);
  Client third(world.loop, world.server.port());
  const HttpReply reply = third.reply();
  CHECK(reply.status == 429);
  CHECK(reply.header("retry-after") == "1");
  CHECK(reply.header("connection") == "close");
  CHECK(reply.body.find("this address has as many connections as one may have") !=
        std::string::npos);
  Client other(world.loop, world.server.port(), "127.0.0.2");
  CHECK(other.ask(kPing).status == 200);
  first.reset();
  REQUIRE(turn_until(world.loop, [&] { return world.server.connection_count() == 2; }));
  CHECK(Client(world.loop, world.server.port()).ask(kPing).status == 200);
}

TEST_CASE("addresses are told apart: IPv4 also inside IPv6, IPv6 by its network") {
  const auto v4 = [](const char* text) {
    sockaddr_in address{};
    uv_ip4_addr(text, 1, &address);
    return peer_of(reinterpret_cast<const sockaddr&>(address));
  };
  const auto v6 = [](const char* text) {
    sockaddr_in6 address{};
    uv_ip6_addr(text, 1, &address);
    return peer_of(reinterpret_cast<const sockaddr&>(address));
  };
  CHECK(v4("10.0.0.1") != v4("10.0.0.2"));
  CHECK(v4("10.0.0.1") == v6("::ffff:10.0.0.1"));
  CHECK(v6("2001:db8:1:2::1") == v6("2001:db8:1:2:ffff::9"));
  CHECK(v6("2001:db8:1:2::1") != v6("2001:db8:1:3::1"));
  CHECK(v6("::1") != v4("0.0.0.1"));
  Peers peers(1);
  CHECK(peers.enter(v4("10.0.0.1")));
  CHECK_FALSE(peers.enter(v6("::ffff:10.0.0.1")));
  CHECK(peers.enter(v4("10.0.0.2")));
  peers.leave(v4("10.0.0.1"));
  CHECK(peers.size() == 1);
  CHECK(peers.enter(v4("10.0.0.1")));
}

TEST_CASE("draining closes what is idle, answers what is under way, and takes nothing new") {
  HttpWorld world;
  Client idle(world.loop, world.server.port());
  Client busy(world.loop, world.server.port());
  CHECK(idle.ask(kPing).status == 200);
  busy.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(turn_until(world.loop, [&] { return !world.later.empty(); }));
  bool done = false;
  world.server.drain([&] { done = true; });
  CHECK(idle.rest().empty());
  CHECK(!done);
  world.later.front().answer(text_reply(200, "bye"));
  const HttpReply reply = busy.reply();
  CHECK(reply.body == "bye");
  CHECK(reply.header("connection") == "close");
  busy.close();
  CHECK(turn_until(world.loop, [&] { return done; }));
  world.later.clear();
}

TEST_CASE("listening says where, also on IPv6, and says why it cannot") {
  HttpWorld world;
  CHECK(world.server.address() == "127.0.0.1:" + std::to_string(world.server.port()));
  CHECK(world.server.port() > 0);
  Server taken(world.loop, world.clock, world.router, {});
  const Status again = taken.listen("127.0.0.1", world.server.port());
  REQUIRE(!again.ok());
  CHECK(again.error().code == Code::kUnavailable);
  CHECK(again.error().message.find("127.0.0.1") != std::string::npos);
  CHECK(!taken.listen("127.0.0.1", 70000).ok());
  Server v6(world.loop, world.clock, world.router, {});
  if (v6.listen("::1", 0).ok()) CHECK(v6.address() == "[::1]:" + std::to_string(v6.port()));
}

}  // namespace
}  // namespace sluice::test
