// Who may use the API: hosts, origins, tokens and roles, asked over real connections.
#include "api/access.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "world.h"

namespace sluice::test {
namespace {

using api::AccessOptions;
using api::ApiOptions;
using api::host_without_port;
using api::make_token;
using api::NewToken;
using api::Role;
using api::Tokens;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

// Headers of a request that names no Host by itself.
HttpReply ask_raw(World& world, const std::string& line, const std::string& headers) {
  Client client(world.loop, world.api->port());
  return client.ask(line + "\r\n" + headers + "\r\n");
}

HttpReply get(World& world, const std::string& target, const std::string& headers) {
  return ask_raw(world, "GET " + target + " HTTP/1.1", headers);
}

// A world with one token of each role.
struct Guarded {
  NewToken reader = make_token("reader", Role::kRead);
  NewToken caller = make_token("caller", Role::kInvoke);
  NewToken boss = make_token("boss", Role::kAdmin);
  std::optional<World> world;

  explicit Guarded(AccessOptions access = {}) {
    const std::string entries[] = {reader.entry, caller.entry, boss.entry};
    Result<Tokens> tokens = Tokens::parse(entries, "test");
    REQUIRE(tokens.ok());
    access.tokens = *tokens;
    ApiOptions options;
    options.access = access;
    world.emplace(options);
  }
};

std::string bearing(const std::string& token) {
  return "Authorization: Bearer " + token + "\r\n";
}

TEST_CASE("a host's name is told from its port") {
  CHECK(host_without_port("localhost:8080") == "localhost");
  CHECK(host_without_port("localhost") == "localhost");
  CHECK(host_without_port("[::1]:80") == "[::1]");
  CHECK(host_without_port("[::1]") == "[::1]");
  CHECK(host_without_port("localhost:") == "localhost");
  for (const char* bad : {"", ":80", "::1", "[::1", "[::1]x", "a:b", "localhost:80:80", "a:80@b"})
    CHECK(host_without_port(bad) == "");
}

TEST_CASE("a server on this machine answers to its own names, on any port, and to no others") {
  World world;
  for (const char* host : {"localhost", "LocalHost:1", "127.0.0.1:9", "[::1]:80", "test"}) {
    INFO(host);
    CHECK(get(world, "/actions", "Host: " + std::string(host) + "\r\n").status == 200);
  }
  for (const char* host : {"evil.example", "localhost.evil.example:80", "10.0.0.1", "localhost.",
                           "127.0.0.1.nip.io"}) {
    INFO(host);
    const HttpReply reply = get(world, "/invocations/x", "Host: " + std::string(host) + "\r\n");
    CHECK(reply.status == 403);
    CHECK_THAT(reply.body, Contains("\"foreign_host\"") && Contains("Api { hosts ="));
  }
  for (const char* no_host : {"evil@localhost", "localhost evil", ""}) {
    INFO(no_host);
    CHECK(get(world, "/invocations/x", "Host: " + std::string(no_host) + "\r\n").status >= 400);
  }
  const HttpReply named = get(world, "/invocations/x", "Host: evil.example\r\n");
  CHECK_THAT(named.body, Contains("'evil.example'"));
  for (const char* target : {"/ping", "/metrics", "/actions", "/nowhere"})
    CHECK(get(world, target, "Host: evil.example\r\n").status == 403);
  CHECK(ask_raw(world, "DELETE /actions/a HTTP/1.1", "Host: evil.example\r\n").status == 403);
  CHECK(ask_raw(world, "PATCH /actions/a HTTP/1.1", "Host: evil.example\r\n").status == 403);
  // No browser speaks HTTP/1.0, and who speaks it need not say Host.
  CHECK(ask_raw(world, "GET /ping HTTP/1.0", "").status == 200);
}

TEST_CASE("health is told under any Host, for load balancers have their own ideas") {
  World world;
  CHECK(get(world, "/healthz", "Host: pool-7.internal\r\n").status == 200);
  CHECK(get(world, "/readyz", "Host: pool-7.internal\r\n").status == 200);
}

TEST_CASE("web pages of other origins are refused whatever they ask for") {
  World world;
  REQUIRE(world.create("a").status == 200);
  for (const char* origin :
       {"https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1", "file://",
        "http://test.evil.example", "", "chrome-extension://abc"}) {
    INFO(origin);
    const std::string header = "Origin: " + std::string(origin) + "\r\n";
    for (const char* target : {"/ping", "/healthz", "/actions", "/metrics", "/nowhere"})
      CHECK(world.ask("GET", target, "", header).status == 403);
    CHECK(world.ask("POST", "/actions/a", "1", header).status == 403);
    CHECK(world.ask("DELETE", "/actions/a", "", header).status == 403);
  }
  CHECK(world.ask("GET", "/actions/a").status == 200);  // it is still there
  const HttpReply reply = world.ask("GET", "/actions/a", "", "Origin: https://evil.example\r\n");
  CHECK_THAT(reply.body, Contains("'https://evil.example'") && Contains("Api { origins ="));
  CHECK(reply.header("access-control-allow-origin") == "");
  CHECK(world.ask("GET", "/ping", "", "Origin: http://test\r\nOrigin: http://test\r\n").status ==
        403);
}

TEST_CASE("a page of the server's own origin may use it") {
  World world;
  CHECK(world.ask("GET", "/actions", "", "Origin: http://test\r\n").status == 200);
  CHECK(world.ask("GET", "/actions", "", "Origin: https://TEST\r\n").status == 200);
  CHECK(
      get(world, "/actions", "Host: localhost:8080\r\nOrigin: http://localhost:8080\r\n").status ==
      200);
  CHECK(
      get(world, "/actions", "Host: localhost:8080\r\nOrigin: http://localhost:8081\r\n").status ==
      403);
}

TEST_CASE("what another site's page shows or links to is refused, what is typed is not") {
  World world;
  CHECK(world.ask("GET", "/actions", "", "Sec-Fetch-Site: cross-site\r\n").status == 403);
  CHECK(world.ask("GET", "/actions", "", "Sec-Fetch-Site: same-site\r\n").status == 403);
  CHECK(world.ask("GET", "/actions", "", "Sec-Fetch-Site: none\r\n").status == 200);
  CHECK(world.ask("GET", "/actions", "", "Sec-Fetch-Site: same-origin\r\n").status == 200);
}

TEST_CASE("pages of origins that are configured may ask, and may read the answer") {
  ApiOptions options;
  options.access.origins = {"https://UI.example/"};
  World world(options);
  const std::string origin = "Origin: https://ui.example\r\n";
  const HttpReply reply = world.ask("GET", "/actions", "", origin);
  CHECK(reply.status == 200);
  CHECK(reply.header("access-control-allow-origin") == "https://ui.example");
  CHECK(reply.header("vary") == "Origin");
  CHECK(world.ask("GET", "/actions").header("access-control-allow-origin") == "");

  const std::string question = "Access-Control-Request-Method: PUT\r\n";
  const HttpReply allowed = world.ask("OPTIONS", "/actions/a", "", origin + question);
  CHECK(allowed.status == 200);
  CHECK(allowed.header("access-control-allow-origin") == "https://ui.example");
  CHECK_THAT(allowed.header("access-control-allow-headers"), Contains("Authorization"));
  const HttpReply refused =
      world.ask("OPTIONS", "/actions/a", "", "Origin: https://evil.example\r\n" + question);
  CHECK(refused.status == 403);
  CHECK(refused.header("access-control-allow-origin") == "");
  CHECK(world.ask("GET", "/actions", "", "Origin: http://ui.example\r\n").status == 403);
}

TEST_CASE("an answer to a page is not taken for that to the next request of the connection") {
  ApiOptions options;
  options.access.origins = {"https://ui.example"};
  World world(options);
  Client client(world.loop, world.api->port());
  const HttpReply page = client.ask(request("GET", "/ping", "", "Origin: https://ui.example\r\n"));
  CHECK(page.header("access-control-allow-origin") == "https://ui.example");
  CHECK(client.ask(request("GET", "/ping")).header("access-control-allow-origin") == "");
}

TEST_CASE("with tokens each route asks for its role, and says which one is missing") {
  Guarded guarded;
  World& world = *guarded.world;
  const HttpReply none = world.ask("GET", "/invocations/x");
  CHECK(none.status == 401);
  CHECK(none.header("www-authenticate") == "Bearer realm=\"sluice\"");
  CHECK_THAT(none.body, Contains("\"no_token\"") && Contains("slcli connect"));
  const HttpReply unknown =
      world.ask("GET", "/invocations/x", "", bearing(make_token("x", Role::kAdmin).secret));
  CHECK(unknown.status == 401);
  CHECK_THAT(unknown.header("www-authenticate"), Contains("invalid_token"));

  const HttpReply low = world.ask("PUT", "/actions/a", "{}", bearing(guarded.caller.secret));
  CHECK(low.status == 403);
  CHECK_THAT(low.body, Contains("\"role_too_low\"") && Contains("this needs admin"));
  CHECK_THAT(low.header("www-authenticate"), Contains("scope=\"admin\""));

  const auto status = [&](const NewToken& token, const char* method, const char* target,
                          const char* body = "") {
    return world.ask(method, target, body, bearing(token.secret)).status;
  };
  CHECK(status(guarded.reader, "GET", "/actions") == 200);
  CHECK(status(guarded.reader, "GET", "/metrics") == 200);
  CHECK(status(guarded.reader, "POST", "/actions/a", "1") == 403);
  CHECK(status(guarded.caller, "POST", "/actions/a", "1") == 404);
  CHECK(status(guarded.caller, "GET", "/actions") == 200);
  CHECK(status(guarded.caller, "DELETE", "/actions/a") == 403);
  CHECK(status(guarded.boss, "DELETE", "/actions/a") == 404);
  CHECK(status(guarded.boss, "POST", "/actions/a/block", "1") == 404);
}

TEST_CASE("every route but the health checks and ping is closed without a token") {
  Guarded guarded;
  size_t closed = 0;
  for (const auto& [method, pattern, role] : guarded.world->api->routes()) {
    std::string target = pattern;
    if (const size_t at = target.find(':'); at != std::string::npos)
      target.replace(
          at,
          target.find('/', at) == std::string::npos ? std::string::npos : target.find('/', at) - at,
          "x");
    INFO(to_string(method) << " " << target);
    const int status = guarded.world->ask(to_string(method), target).status;
    const bool is_open = pattern == "/ping" || pattern == "/healthz" || pattern == "/readyz";
    CHECK((status == 401) == !is_open);
    CHECK((role <= Role::kAnyone) == is_open);
    closed += status == 401;
  }
  CHECK(closed >= 10);
}

TEST_CASE("the scheme is written in any case, other schemes and two tokens are none") {
  Guarded guarded;
  World& world = *guarded.world;
  const std::string& token = guarded.reader.secret;
  CHECK(world.ask("GET", "/actions", "", "authorization: BEARER  " + token + "\r\n").status == 200);
  for (const std::string& header :
       {"Authorization: Basic " + token + "\r\n", "Authorization: " + token + "\r\n",
        std::string("Authorization: Bearer\r\n"), "Authorization: Bearer " + token + "x\r\n",
        bearing(token) + bearing(token), "Authorization: Bearer" + token + "\r\n"}) {
    INFO(header);
    CHECK(world.ask("GET", "/actions", "", header).status == 401);
  }
}

TEST_CASE("where tokens are asked for any Host will do, but no foreign Origin") {
  Guarded guarded;
  World& world = *guarded.world;
  const std::string token = bearing(guarded.boss.secret);
  CHECK(get(world, "/actions", "Host: api-1\r\n" + token).status == 200);
  CHECK(get(world, "/actions", "Host: evil.example\r\nOrigin: http://evil.example\r\n").status ==
        401);
  CHECK(get(world, "/actions", "Host: api-1\r\nOrigin: http://evil.example\r\n" + token).status ==
        403);
}

TEST_CASE("tokens can be replaced while the server runs") {
  Guarded guarded;
  const NewToken next = make_token("next", Role::kRead);
  const std::string entries[] = {next.entry};
  guarded.world->api->set_tokens(*Tokens::parse(entries, "test"));
  CHECK(guarded.world->ask("GET", "/actions", "", bearing(guarded.boss.secret)).status == 401);
  CHECK(guarded.world->ask("GET", "/actions", "", bearing(next.secret)).status == 200);
}

TEST_CASE("refusals are counted by their reason") {
  World world;
  world.ask("GET", "/ping", "", "Origin: null\r\n");
  world.ask("GET", "/ping", "", "Origin: null\r\n");
  CHECK_THAT(world.ask("GET", "/metrics").body,
             Contains("sluice_http_refused_total{reason=\"foreign_origin\"} 2"));
}

TEST_CASE("beyond this machine nobody listens without tokens, unless told so") {
  api::Access closed({});
  const Status refused = closed.listening("0.0.0.0", "0.0.0.0:8080");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::kInvalid);
  CHECK_THAT(refused.error().message, Contains("0.0.0.0:8080") && Contains("sluice token") &&
                                          Contains("--tokens") && Contains("--insecure"));
  CHECK_FALSE(api::Access({}).listening("::", "[::]:8080").ok());
  CHECK_FALSE(api::Access({}).listening("127.0.0.1.example", "93.184.216.34:80").ok());
  for (const char* address : {"127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"})
    CHECK(api::Access({}).listening("", address).ok());

  AccessOptions insecure;
  insecure.insecure = true;
  CHECK(api::Access(insecure).listening("0.0.0.0", "0.0.0.0:8080").ok());
  AccessOptions guarded;
  const std::string entries[] = {make_token("a", Role::kRead).entry};
  guarded.tokens = *Tokens::parse(entries, "test");
  CHECK(api::Access(guarded).listening("0.0.0.0", "0.0.0.0:8080").ok());
}

TEST_CASE("the API does not listen where it must not") {
  World world;
  api::Api other({world.loop, world.store, world.queue, world.compiler, world.seal, world.clock,
                  world.log, world.metrics},
                 {});
  CHECK_FALSE(other.listen("0.0.0.0", 0).ok());
}

// docs/http-api.md has one table of the routes with the role of each.
TEST_CASE("the table of routes in the docs names the role that each route asks for") {
  std::ifstream file(SLUICE_SOURCE_DIR "/docs/http-api.md");
  std::stringstream text;
  text << file.rdbuf();
  World world;
  for (const auto& [method, pattern, role] : world.api->routes()) {
    const std::string word = role <= Role::kAnyone ? "open" : std::string(to_string(role));
    const std::string row =
        "| `" + std::string(to_string(method)) + " " + pattern + "` | " + word + " |";
    INFO(row);
    CHECK(text.str().find(row) != std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::test
