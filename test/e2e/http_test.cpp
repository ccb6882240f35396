// The door: every request gets an answer, and a wrong one is told what is wrong.
#include <catch2/catch.hpp>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

TEST_CASE("wrong requests are told what is wrong") {
  TempFolder data;
  Server server(data.path());
  Http http(server.url());
  const std::string source = "function main() return 1 end";
  REQUIRE(http.create("a", source).status == 200);

  SECTION("creating") {
    CHECK(http.create("a", source).status == 409);
    CHECK(http.create("bad name", source).status == 400);
    CHECK(http.create(std::string(129, 'x'), source).status == 400);
    CHECK(http.create(std::string(128, 'x'), source).status == 200);
    CHECK(http.post("/actions", "{").status == 400);
    CHECK(http.post("/actions", "[]").status == 400);
    CHECK(http.post("/actions", R"({"name":"b"})").body.find("code") != std::string::npos);
    CHECK(http.post("/actions", R"({"name":"b","code":"!!!"})").body.find("base64") !=
          std::string::npos);
    CHECK(http.post("/actions", R"({"name":"b","code":"","timeout":"1"})").body.find("timeout") !=
          std::string::npos);
    CHECK(http.post("/actions", R"({"name":"b","code":"","colour":1})").body.find("colour") !=
          std::string::npos);
    CHECK(http.create("b", source, -1).status == 400);
    CHECK(http.create("b", source, 0, 2'000'000'000).status == 400);
    const Reply syntax = http.create("b", "function main()\n  return +\nend");
    CHECK(syntax.status == 400);
    CHECK(syntax.body.find("b.lua:2:") != std::string::npos);
  }
  SECTION("running") {
    CHECK(http.block("none").status == 404);
    CHECK(http.post("/actions/none").status == 404);
    CHECK(http.post("/actions/a/block?wait=soon").status == 400);
    CHECK(http.post("/actions/a", std::string(2'000'000, ' ')).status == 413);
  }
  SECTION("asking") {
    CHECK(http.get("/invocation/17").status == 404);
    CHECK(http.get("/invocation/01890000-0000-7000-8000-000000000000").status == 404);
    CHECK(http.get("/invocations/01890000-0000-7000-8000-000000000000").status == 404);
    CHECK(http.get("/actions/none").status == 404);
    const Reply none = http.get("/nowhere");
    CHECK(none.status == 404);
    CHECK(http.get("/invocations/17").body.find("\"code\"") != std::string::npos);
    const Reply method = http.request("PATCH", "/actions/a");
    CHECK(method.status == 405);
    CHECK(method.header("allow").find("DELETE") != std::string::npos);
  }
  CHECK(server.stop() == 0);
}

TEST_CASE("health, readiness and metrics answer") {
  TempFolder data;
  Server server(data.path());
  Http http(server.url());
  REQUIRE(http.create("a", "function main() return 1 end").status == 200);
  for (int i = 0; i < 3; ++i) CHECK(http.block("a").status == 200);
  CHECK(http.get("/healthz").status == 200);
  CHECK(http.get("/readyz").status == 200);
  const std::string metrics = http.get("/metrics").body;
  INFO(metrics);
  for (const char* line :
       {"sluice_accepted_total{action=\"a\"} 3",
        "sluice_done_total{action=\"a\",outcome=\"succeeded\"} 3", "sluice_queue_depth",
        "sluice_queue_oldest_seconds", "sluice_run_seconds_count 3", "sluice_wait_seconds_count 3",
        "sluice_workers", "sluice_worker_kills_total"}) {
    CHECK(metrics.find(line) != std::string::npos);
  }
}

TEST_CASE("requests that are pipelined are answered in order") {
  TempFolder data;
  Server server(data.path());
  REQUIRE(Http(server.url()).create("echo", "function main(args) return args end").status == 200);
  std::string bytes;
  for (int i = 0; i < 5; ++i) {
    bytes += "POST /actions/echo/block HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n";
    bytes += i == 4 ? "Connection: close\r\n\r\n" : "\r\n";
    bytes += std::to_string(i);
  }
  const std::string answer = exchange_raw(server.port(), bytes);
  size_t at = 0;
  for (int i = 0; i < 5; ++i) {
    at = answer.find("HTTP/1.1 200", at);
    REQUIRE(at != std::string::npos);
    at = answer.find("\r\n\r\n", at) + 4;
    CHECK(answer.substr(at, 1) == std::to_string(i));
  }
}

TEST_CASE("waiting for an invocation is bounded") {
  TempFolder data;
  Server server(data.path(), {"--workers", "0"});
  Http http(server.url());
  REQUIRE(http.create("a", "function main() return 1 end").status == 200);
  const std::string id = http.post("/actions/a").invocation_id();
  const Reply reply =
      http.get("/invocation/" + id);  // the default: under the original client's 2 s
  CHECK(reply.status == 202);
  CHECK(json_member(reply.body, "state") == "queued");
  CHECK(json_member(reply.body, "InvocationId") == id);
}

}  // namespace
}  // namespace sluice::test
