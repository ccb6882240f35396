// Bodies on their way: who may send them, and how much of them altogether.
#include <catch2/catch.hpp>

#include "api/http/server.h"
#include "api/router.h"
#include "world.h"

using namespace sluice;
using namespace sluice::test;
using namespace api;

namespace {

struct Uploads {
  explicit Uploads(ServerOptions options = {}, Tokens tokens = {})
      : access({.hosts = {"h"}, .origins = {}, .tokens = std::move(tokens)}),
        router({{Method::kPost, "/echo", Role::kInvoke, ErrorShape::kJson,
                 [this](Request& request, Responder responder) {
                   ++handled;
                   responder.answer(text_reply(200, std::move(request.body)));
                 }}},
               access),
        server(loop, clock, router, by_hand(options)) {
    REQUIRE(server.listen("127.0.0.1", 0).ok());
  }
  static ServerOptions by_hand(ServerOptions options) {
    options.tick = std::chrono::milliseconds(0);
    return options;
  }

  static std::string head(size_t length, const std::string& more = "") {
    return "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(length) + "\r\n" +
           more + "\r\n";
  }

  Loop loop;
  ManualClock clock;
  int handled = 0;
  Access access;
  Router router;
  Server server;
};

}  // namespace

TEST_CASE("who may not use a route need not send the body") {
  const NewToken token = make_token("me", Role::kInvoke);
  const std::string entries[] = {token.entry};
  Uploads world({}, *Tokens::parse(entries, "test"));
  SECTION("it is refused at the end of the head, and the rest is not read") {
    Client client(world.loop, world.server.port());
    client.send(Uploads::head(100'000) + "begun");
    CHECK(client.reply().status == 401);
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(client.rest().empty());
  }
  SECTION("nor is it told to go on") {
    Client client(world.loop, world.server.port());
    client.send(Uploads::head(100'000, "Expect: 100-continue\r\n"));
    CHECK(client.reply().status == 401);
  }
  SECTION("who may is heard to the end") {
    Client client(world.loop, world.server.port());
    client.send(Uploads::head(5, "Authorization: Bearer " + token.secret + "\r\n"));
    client.settle();
    CHECK(client.ask("hello").body == "hello");
  }
  CHECK(world.handled <= 1);
}

TEST_CASE("bodies that are still coming in are bounded altogether") {
  ServerOptions options;
  options.upload_bytes = 1'000;
  Uploads world(options);
  Client first(world.loop, world.server.port());
  first.send(Uploads::head(700) + std::string(600, 'a'));
  first.settle();
  {
    Client second(world.loop, world.server.port());
    second.send(Uploads::head(700) + std::string(300, 'b'));
    second.settle();
    CHECK(second.received().empty());  // there is room for so much
    const HttpReply reply = second.ask(std::string(200, 'b'));
    CHECK(reply.status == 503);
    CHECK(reply.header("retry-after") == "1");
    CHECK(reply.body.find("too_many_uploads") != std::string::npos);
    CHECK(second.rest().empty());
  }
  // The others are not touched, and what has ended makes room: by its answer, or by going.
  CHECK(first.ask(std::string(100, 'a')).body == std::string(700, 'a'));
  {
    Client third(world.loop, world.server.port());
    third.send(Uploads::head(900) + std::string(800, 'c'));
    third.settle();
  }
  Client fourth(world.loop, world.server.port());
  REQUIRE(turn_until(world.loop, [&] { return world.server.connection_count() == 2; }));
  fourth.send(Uploads::head(900) + std::string(899, 'd'));
  fourth.settle();
  CHECK(fourth.ask("d").status == 200);
  CHECK(world.handled == 2);
}
