// The plugin as the server drives it, against a server on this machine.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "test/support/plugin/plugin_driver.h"
#include "test/support/scripted_server.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

std::string config(const std::string& more = "") {
  return R"({"hosts":["127.0.0.1:*","localhost:*"])" + more + "}";
}

std::string payload(const std::string& url, const std::string& more = "") {
  return R"({"url":")" + url + "\"" + more + "}";
}

TEST_CASE("the plugin says what it is") {
  const PluginDriver http("http.so", config());
  CHECK(std::string(http.description().name) == "http");
  CHECK((http.description().flags & SLUICE_PLUGIN_NONBLOCKING) != 0);
  CHECK_THROWS_WITH(PluginDriver("http.so", "{}"), Contains("needs 'hosts'"));
}

TEST_CASE("get answers with status, headers, body and URL") {
  const ScriptedServer server(always(answer(200, "hello", "X-A: 1\r\nX-A: 2\r\n")));
  PluginDriver http("http.so", config());
  const auto got =
      http.call("get", payload(server.url("/p?q#f"), R"(,"headers":{"X-B":"b","X-C":""})"));
  INFO(got.text);
  REQUIRE(got.ok);
  CHECK(got.text ==
        R"({"status":200,"headers":{"content-length":"5","x-a":"1, 2"},"body":"hello","url":")" +
            server.url("/p?q") + "\"}");
  const Heard heard = server.heard().at(0);
  CHECK(heard.line == "GET /p?q HTTP/1.1");
  CHECK(heard.has("X-B: b\r\n"));
  CHECK(heard.has("X-C:\r\n"));
  CHECK(heard.has("User-Agent: sluice-http/1.0\r\n"));
  CHECK(heard.has("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  for (const char* name : {"Accept-Encoding", "Content-Type", "Content-Length", "Cookie", "Expect",
                           "Authorization", "Connection", "Upgrade"})
    CHECK_FALSE(heard.has(name));
}

TEST_CASE("post sends a body or JSON") {
  const ScriptedServer server(always(answer(201, "")));
  PluginDriver http("http.so", config());
  CHECK(http.call("post", payload(server.url(), R"(,"json":{"a":9007199254740993})")).ok);
  CHECK(http.call("post", payload(server.url(), R"(,"body":"a\u0000b")")).ok);
  CHECK(http.call("post", payload(server.url())).ok);
  const std::string big(300'000, 'x');
  CHECK(http.call("post", payload(server.url(), R"(,"body":")" + big + "\"")).ok);
  const auto heard = server.heard();
  REQUIRE(heard.size() == 4);
  CHECK(heard[0].line == "POST / HTTP/1.1");
  CHECK(heard[0].has("Content-Type: application/json\r\n"));
  CHECK(heard[0].body == R"({"a":9007199254740993})");
  CHECK(heard[1].body == std::string("a\0b", 3));
  CHECK_FALSE(heard[1].has("Content-Type"));
  CHECK(heard[2].has("Content-Length: 0\r\n"));
  CHECK(heard[3].body == big);
  CHECK(server.connections() == 1);
}

TEST_CASE("request sends any method, and its answer is the same") {
  const ScriptedServer server([](const Heard& heard, ScriptedServer::Peer& peer) {
    const bool head = heard.line.substr(0, 4) == "HEAD";
    peer.send(head ? "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
                   : answer(404, "no such"));
  });
  PluginDriver http("http.so", config());
  for (const char* method :
       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"}) {
    INFO(method);
    const bool body = method != std::string("GET") && method != std::string("HEAD");
    const auto got =
        http.call("request", payload(server.url(), std::string(R"(,"method":")") + method + "\"" +
                                                       (body ? R"(,"body":"b")" : "")));
    INFO(got.text);
    CHECK(got.ok);
    const Heard heard = server.heard().back();
    CHECK(heard.line == std::string(method) + " / HTTP/1.1");
    CHECK(heard.body == (body ? "b" : ""));
  }
}

TEST_CASE("a status is an answer, not an error") {
  const ScriptedServer server(always(answer(500, "broken")));
  PluginDriver http("http.so", config());
  const auto got = http.call("get", payload(server.url()));
  CHECK(got.ok);
  CHECK_THAT(got.text, Contains("\"status\":500"));
}

TEST_CASE("a binary body comes as base64, a packed one as it is") {
  const ScriptedServer server(always(answer(200, "\x1f\x8b\xff", "Content-Encoding: gzip\r\n")));
  PluginDriver http("http.so", config());
  const auto got = http.call("get", payload(server.url()));
  CHECK(got.ok);
  CHECK_THAT(got.text, Contains(R"("body_base64":"H4v/")"));
}

TEST_CASE("hosts, addresses and ports that are not listed are refused") {
  const ScriptedServer server(always(answer(200, "hello")));
  const std::string port = std::to_string(server.port());
  PluginDriver http("http.so", R"({"hosts":["example.com","localhost:)" + port + "\"]}");
  CHECK(http.call("get", payload("http://localhost:" + port)).ok);
  for (const char* name : {"127.0.0.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]",
                           "0.0.0.0", "127.0.0.2", "[::]", "sub.localhost"}) {
    const std::string host = name;
    INFO(host);
    const auto got = http.call("get", payload("http://" + host + ":" + port));
    CHECK_FALSE(got.ok);
    CHECK_THAT(got.text, Contains("does not list"));
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("redirects are followed to where they lead") {
  const ScriptedServer server([](const Heard& heard, ScriptedServer::Peer& peer) {
    if (heard.line == "POST /a HTTP/1.1")
      peer.send(answer(303, "elsewhere", "Location: /b\r\n"));
    else if (heard.line == "GET /b HTTP/1.1")
      peer.send(answer(307, "", "Location: c?d\r\n"));
    else
      peer.send(answer(200, "here"));
  });
  PluginDriver http("http.so", config());
  const auto got =
      http.call("post", payload(server.url("/a"), R"(,"json":1,"headers":{"Authorization":"k"})"));
  INFO(got.text);
  REQUIRE(got.ok);
  CHECK_THAT(got.text, Contains("\"body\":\"here\"") && Contains(server.url("/c?d")));
  const auto heard = server.heard();
  REQUIRE(heard.size() == 3);
  CHECK(heard[2].line == "GET /c?d HTTP/1.1");
  CHECK_FALSE(heard[2].has("Content-"));
  CHECK(heard[2].has("Authorization: k"));

  const auto stayed = http.call("post", payload(server.url("/a"), R"(,"json":1,"follow":false)"));
  CHECK_THAT(stayed.text, Contains("\"status\":303") && Contains("\"location\":\"/b\""));
}

TEST_CASE("credentials do not go along to another host") {
  const ScriptedServer second(always(answer(200, "here")));
  const ScriptedServer first(redirect_to(second.url(), 307));
  PluginDriver http("http.so", config());
  CHECK(http.call("post",
                  payload(first.url(), R"(,"body":"b","headers":{"Authorization":"k","Cookie":"k",
                                                   "X-Token":"k","Content-Type":"text/x"})"))
            .ok);
  const Heard heard = second.heard().at(0);
  CHECK(heard.body == "b");
  CHECK(heard.has("Content-Type: text/x\r\n"));
  CHECK_FALSE(heard.has(": k\r\n"));
}

TEST_CASE("redirects to what is not listed, and endless ones, are errors") {
  const ScriptedServer inside(always(answer(200, "secret")));
  const std::string port = std::to_string(inside.port());
  for (const std::string& location :
       {"http://127.0.0.2:" + port + "/", "http://[::1]:" + port + "/",
        std::string("http://evil.com/"), std::string("file:///etc/passwd"),
        "gopher://127.0.0.1:" + port + "/_x", "http://user:pw@127.0.0.1:" + port + "/",
        std::string("http://169.254.169.254/latest/meta-data/")}) {
    INFO(location);
    const ScriptedServer outside(redirect_to(location));
    PluginDriver http("http.so", config());
    const auto got = http.call("get", payload(outside.url()));
    CHECK_FALSE(got.ok);
    CHECK_THAT(got.text, Contains("the redirect by '127.0.0.1' is not followed"));
  }
  CHECK(inside.connections() == 0);

  const ScriptedServer loop(redirect_to("/"));
  PluginDriver http("http.so", config(R"(,"max_redirects":3)"));
  CHECK_THAT(http.call("get", payload(loop.url())).text, Contains("more than 3 redirects"));
  CHECK(loop.heard().size() == 4);
}

TEST_CASE("a redirect without a Location is an answer") {
  const ScriptedServer server(always(answer(302, "hm")));
  PluginDriver http("http.so", config());
  CHECK_THAT(http.call("get", payload(server.url())).text, Contains("\"status\":302"));
}

TEST_CASE("the environment's proxies are not asked") {
  const ScriptedServer proxy(always(answer(200, "by proxy")));
  const ScriptedServer server(always(answer(200, "direct")));
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY", "HTTP_PROXY"})
    setenv(name, proxy.url().c_str(), 1);
  PluginDriver http("http.so", config());
  const auto got = http.call("get", payload(server.url()));
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY", "HTTP_PROXY"}) unsetenv(name);
  CHECK_THAT(got.text, Contains("direct"));
  CHECK(proxy.connections() == 0);
}

TEST_CASE("the configuration's proxy is asked for listed hosts, whatever no_proxy says") {
  const ScriptedServer proxy(always(answer(200, "by proxy")));
  PluginDriver http("http.so", R"({"hosts":["example.com"],"proxy":")" + proxy.url() + "\"}");
  setenv("no_proxy", "*", 1);
  const auto got = http.call("get", payload("http://example.com/x"));
  unsetenv("no_proxy");
  CHECK_THAT(got.text, Contains("by proxy"));
  CHECK(proxy.heard().at(0).line == "GET http://example.com/x HTTP/1.1");
  CHECK_FALSE(http.call("get", payload("http://127.0.0.1/")).ok);
  CHECK(proxy.heard().size() == 1);
}

TEST_CASE("a call that is abandoned is answered all the same") {
  const ScriptedServer server([](const Heard&, ScriptedServer::Peer& peer) { peer.hang(); });
  PluginDriver http("http.so", config());
  const auto got = http.call_abandoned("get", payload(server.url()));
  CHECK_FALSE(got.ok);
}

}  // namespace
}  // namespace sluice::test
