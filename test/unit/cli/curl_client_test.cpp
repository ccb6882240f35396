#include "cli/curl_client.h"

#include <catch2/catch.hpp>

#include "loopback_server.h"
#include "world_for_test.h"

using namespace sluice;
using namespace sluice::cli;
using namespace sluice::cli::test;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

// slcli over the real network.
Machine machine_at(const std::string& url) {
  Machine machine;
  machine.environment["SLCLI_URL"] = url;
  machine.client_for = make_curl_client;
  return machine;
}

LoopbackServer::Answer always(int status, const std::string& body,
                              const std::string& headers = {}) {
  return [answer = http_answer(status, body, headers)](const std::string&) { return answer; };
}

}  // namespace

TEST_CASE("a request goes out as the server's routes want it") {
  LoopbackServer server(always(202, R"({"InvocationId":"x"})"));
  Machine machine = machine_at(server.url());
  const Ran ran = machine.run({"run", "hello", "-p", R"({"a":1})", "-k", "key-1"});
  INFO(ran.err);
  CHECK(ran.exit == 0);
  CHECK(ran.out == "{\"InvocationId\":\"x\"}\n");

  REQUIRE(server.requests().size() == 1);
  const std::string request = server.requests()[0];
  CHECK_THAT(request, StartsWith("POST /actions/hello HTTP/1.1\r\n"));
  CHECK_THAT(request, Contains("\r\nContent-Type: application/json\r\n"));
  CHECK_THAT(request, Contains("\r\nContent-Length: 7\r\n"));
  CHECK_THAT(request, Contains("\r\nIdempotency-Key: key-1\r\n"));
  CHECK_THAT(request, Contains("\r\nUser-Agent: slcli/"));
  CHECK_THAT(request, !Contains("Expect:"));
  CHECK_THAT(request, EndsWith("\r\n\r\n{\"a\":1}"));
}

TEST_CASE("names are percent-encoded on the wire, and dots are not resolved") {
  LoopbackServer server(always(200, "OK"));
  Machine machine = machine_at(server.url());
  CHECK(machine.run({"delete", "a b/c?d"}).exit == 0);
  CHECK(machine.run({"delete", ".."}).exit == 0);
  CHECK_THAT(server.requests().at(0), StartsWith("DELETE /actions/a%20b%2Fc%3Fd HTTP/1.1\r\n"));
  CHECK_THAT(server.requests().at(1), StartsWith("DELETE /actions/.. HTTP/1.1\r\n"));
}

TEST_CASE("an address may have a slash at its end and a prefix") {
  LoopbackServer server(always(200, "OK"));
  CHECK(machine_at(server.url() + "/").run({"ping"}).exit == 0);
  CHECK(machine_at(server.url() + "/jobs/v1/").run({"ping"}).exit == 0);
  CHECK_THAT(server.requests().at(0), StartsWith("GET /ping HTTP/1.1\r\n"));
  CHECK_THAT(server.requests().at(1), StartsWith("GET /jobs/v1/ping HTTP/1.1\r\n"));
}

TEST_CASE("a refused connection ends with 3 and says so") {
  const std::string url = url_of_nobody();
  const Ran ran = machine_at(url).run({"list"});
  CHECK(ran.exit == 3);
  CHECK(ran.out.empty());
  CHECK_THAT(ran.err, StartsWith("error: No answer from " + url + "\n"));
}

TEST_CASE("a host that does not exist ends with 3") {
  CHECK(machine_at("http://no-such-host.invalid").run({"ping"}).exit == 3);
}

TEST_CASE("a server that never answers is given up on") {
  LoopbackServer server([](const std::string&) { return std::nullopt; });
  const auto client = make_curl_client(*ServerUrl::parse(server.url()));
  const Result<Response> answer =
      client->send({.path = "/ping", .patience = std::chrono::milliseconds(50)});
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().code == Code::kUnavailable);
  CHECK_THAT(answer.error().message, Contains("timed out"));
}

TEST_CASE("an answer that breaks off, and one that is no HTTP, are no answers") {
  LoopbackServer cut([](const std::string&) {
    return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nhalf";
  });
  CHECK(machine_at(cut.url()).run({"list"}).exit == 3);
  LoopbackServer foreign(
      [](const std::string&) { return "220 mail ready\r\nConnection: close\r\n"; });
  CHECK(machine_at(foreign.url()).run({"list"}).exit == 3);
}

TEST_CASE("large bodies go both ways") {
  const std::string large(5 << 20, 'x');
  LoopbackServer server(always(200, "\"" + large + "\""));
  const TemporaryFolder folder;
  Machine machine = machine_at(server.url());
  const Ran ran = machine.run({"run", "x", "-b", "-p", folder.file("p.json", "\"" + large + "\"")});
  CHECK(ran.exit == 0);
  CHECK(ran.out.size() == large.size() + 1);
  CHECK(server.requests().at(0).size() > large.size());
}

TEST_CASE("one connection serves all requests of a call") {
  std::vector<std::string> answers = {http_answer(200, "42"), http_answer(202, "{}"),
                                      http_answer(202, R"({"InvocationId":"i"})")};
  LoopbackServer server([&](const std::string&) {
    const std::string answer = answers.back();
    answers.pop_back();
    return answer;
  });
  CHECK(machine_at(server.url()).run({"run", "x", "-b"}).out == "42\n");
  CHECK(server.requests().size() == 3);
  CHECK(server.connections() == 1);
}

TEST_CASE("headers are found whatever their case") {
  LoopbackServer server(always(503, "full", "RETRY-after:  9 \r\n"));
  CHECK_THAT(machine_at(server.url()).run({"run", "x"}).err, Contains("try again in 9 s"));
}

TEST_CASE("a redirection is shown, not followed") {
  LoopbackServer server(always(302, "", "Location: http://elsewhere.example/\r\n"));
  const Ran ran = machine_at(server.url()).run({"ping"});
  CHECK(ran.exit == 5);
  CHECK_THAT(ran.err, Contains("http://elsewhere.example/"));
  CHECK(server.requests().size() == 1);
}

TEST_CASE("every status of the server's gets its exit code") {
  struct {
    int status;
    std::string body;
    int exit;
  } const cases[] = {{200, "1", 0},   {202, "{}", 0}, {400, "bad", 5},
                     {404, "no", 4},  {405, "no", 5}, {409, "no", 5},
                     {413, "big", 5}, {429, "no", 5}, {500, R"({"err":7,"message":"m"})", 1},
                     {503, "no", 5}};
  for (const auto& one : cases) {
    INFO(one.status);
    LoopbackServer server(always(one.status, one.body));
    CHECK(machine_at(server.url()).run({"resolve", "--no-wait", "id"}).exit == one.exit);
  }
}
