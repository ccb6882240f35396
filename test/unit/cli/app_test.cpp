// Each command against a server that answers as the HTTP table says.
#include "cli/app.h"

#include <catch2/catch.hpp>

#include "cli/waiting.h"
#include "world_for_test.h"

using namespace sluice::cli;
using namespace sluice::cli::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

constexpr const char* kId = "0190b5a4-7c1e-7000-8000-000000000001";

Machine machine_answering(int status, const std::string& body,
                          std::map<std::string, std::string> headers = {}) {
  Machine machine;
  machine.server.answers = {response(status, body, std::move(headers))};
  return machine;
}

}  // namespace

TEST_CASE("ping says that the operation was successful, on standard error") {
  Machine machine = machine_answering(200, "OK");
  const Ran ran = machine.run({"ping"});
  CHECK(ran.exit == 0);
  CHECK(ran.out.empty());
  CHECK(ran.err == "info: Operation successful\n");
  REQUIRE(machine.server.requests.size() == 1);
  CHECK(machine.server.requests[0].method == "GET");
  CHECK(machine.server.requests[0].path == "/ping");
}

TEST_CASE("ping does not take any web server for a Sluice server") {
  CHECK(machine_answering(200, "<html>welcome</html>").run({"ping"}).exit == 3);
  CHECK(machine_answering(404, "nothing here").run({"ping"}).exit == 3);
  CHECK(machine_answering(200, "\"OK\"").run({"ping"}).exit == 0);
}

TEST_CASE("without a server in reach the exit code is 3") {
  Machine machine;
  const Ran ran = machine.run({"ping"});
  CHECK(ran.exit == 3);
  CHECK_THAT(ran.err, StartsWith("error: No answer from http://fake:1\n"));
  CHECK_THAT(ran.err, Contains("Connection refused"));
}

TEST_CASE("create sends the source in base64 and the limits, 0 for the server's own") {
  Machine machine = machine_answering(200, "OK");
  const TemporaryFolder folder;
  const std::string file = folder.file("hello.lua", "return 1\n");

  CHECK(machine.run({"create", "hello", "-f", file}).err == "info: Operation successful\n");
  CHECK(machine.server.requests[0].method == "POST");
  CHECK(machine.server.requests[0].path == "/actions");
  CHECK(*machine.server.requests[0].body ==
        R"({"name":"hello","code":"cmV0dXJuIDEK","timeout":0,"maxmem":0})");

  CHECK(machine.run({"create", "-m", "64M", "hello", "--timeout=2s", "--file", file}).exit == 0);
  CHECK(*machine.server.requests[1].body ==
        R"({"name":"hello","code":"cmV0dXJuIDEK","timeout":2000,"maxmem":65536})");
}

TEST_CASE("create and update say how many may run at a time, where they are told") {
  const TemporaryFolder folder;
  const std::string file = folder.file("a.lua", "x");
  Machine machine = machine_answering(200, "OK");
  CHECK(machine.run({"create", "a", "-f", file, "--max-concurrency", "4"}).exit == 0);
  CHECK(*machine.server.requests[0].body ==
        R"({"name":"a","code":"eA==","timeout":0,"maxmem":0,"max_concurrency":4})");
  const std::vector<std::string> update = {"update", "a", "-f", file, "-t", "1", "-m", "2"};
  CHECK(machine.run(update).exit == 0);
  CHECK(*machine.server.requests[1].body == R"({"code":"eA==","timeout":1,"maxmem":2})");
  auto lifted = update;
  lifted.push_back("--max-concurrency=0");
  CHECK(machine.run(lifted).exit == 0);
  CHECK(*machine.server.requests[2].body ==
        R"({"code":"eA==","timeout":1,"maxmem":2,"max_concurrency":0})");
  for (const char* wrong : {"many", "-1", "1.5", "4k", ""}) {
    INFO(wrong);
    const Ran ran =
        machine.run({"create", "a", "-f", file, "--max-concurrency=" + std::string(wrong)});
    CHECK(ran.exit == 2);
  }
  CHECK_THAT(machine.run({"create", "a", "-f", file, "--max-concurrency", "many"}).err,
             Contains("'many' is no number: give a whole one, such as 4"));
  CHECK(machine.server.requests.size() == 3);
}

TEST_CASE("create and update say which plugins may be called, where they are told") {
  const TemporaryFolder folder;
  const std::string file = folder.file("a.lua", "x");
  Machine machine = machine_answering(200, "OK");
  const auto created = [&](const std::string& allow) {
    CHECK(machine.run({"create", "a", "-f", file, "--allow", allow}).exit == 0);
    return *machine.server.requests.back().body;
  };
  const std::string before = R"({"name":"a","code":"eA==","timeout":0,"maxmem":0,"allow":)";
  CHECK(created("mongo,http") == before + R"(["mongo","http"]})");
  CHECK(created("my-own.v2_1") == before + R"(["my-own.v2_1"]})");
  CHECK(created("") == before + "[]}");
  CHECK(created("*") == before + "null}");
  CHECK(machine.run({"update", "a", "-f", file, "-t", "1", "-m", "2", "--allow=kv"}).exit == 0);
  CHECK(*machine.server.requests.back().body ==
        R"({"code":"eA==","timeout":1,"maxmem":2,"allow":["kv"]})");

  const size_t sent = machine.server.requests.size();
  for (const char* wrong : {"mongo, http", "mongo,", ",mongo", "a,,b", "a/b", "mongo,*", " "}) {
    INFO(wrong);
    CHECK(machine.run({"create", "a", "-f", file, "--allow=" + std::string(wrong)}).exit == 2);
  }
  CHECK_THAT(machine.run({"create", "a", "-f", file, "--allow", "mongo, http"}).err,
             Contains("' http' is no name of a plugin"));
  CHECK(machine.server.requests.size() == sent);
}

TEST_CASE("create reads the source from standard input where the file is -") {
  Machine machine = machine_answering(200, "OK");
  machine.input = "return 1\n";
  CHECK(machine.run({"create", "hello", "-f", "-"}).exit == 0);
  CHECK_THAT(*machine.server.requests[0].body, Contains("cmV0dXJuIDEK"));
}

TEST_CASE("create asks nothing of the server when the command line is wrong") {
  const TemporaryFolder folder;
  const std::string file = folder.file("a.lua", "");
  Machine machine = machine_answering(200, "OK");
  const std::vector<std::vector<std::string>> wrong = {
      {"create", "x"},
      {"create", "-f", file},
      {"create", "", "-f", file},
      {"create", "x", "-f", folder.path("missing.lua")},
      {"create", "x", "-f", folder.path()},
      {"create", "x", "-f", file, "-t", "soon"},
      {"create", "x", "-f", file, "-m", "much"},
      {"create", "x", "y", "-f", file},
      {"create", "x", "-f", file, "--colour"}};
  for (const auto& words : wrong) {
    const Ran ran = machine.run(words);
    INFO(ran.err);
    CHECK(ran.exit == 2);
    CHECK_THAT(ran.err, StartsWith("error: "));
  }
  CHECK(machine.server.requests.empty());
  CHECK_THAT(machine.run({"create", "x", "-f", folder.path("missing.lua")}).err,
             Contains("missing.lua: No such file or directory"));
}

TEST_CASE("what the server refuses ends with 5 and with what the server said") {
  const TemporaryFolder folder;
  const std::string file = folder.file("a.lua", "x");
  for (const int status : {301, 400, 401, 405, 409, 413, 429, 500, 503}) {
    INFO(status);
    Machine machine = machine_answering(status, "action 'x' is not welcome");
    const Ran ran = machine.run({"create", "x", "-f", file});
    CHECK(ran.exit == 5);
    CHECK_THAT(ran.err, StartsWith("error: Error: Request failed with status code " +
                                   std::to_string(status) +
                                   "\n"
                                   "       action 'x' is not welcome\n"));
  }
}

TEST_CASE("when the server is busy it is said when to come again") {
  CHECK_THAT(machine_answering(503, "full", {{"retry-after", "7"}}).run({"run", "x"}).err,
             Contains("try again in 7 s"));
  CHECK_THAT(machine_answering(429, "").run({"run", "x"}).err, Contains("try again in a moment"));
}

TEST_CASE("what is not there ends with 4") {
  const std::string body = R"({"code":"not_found","message":"no action 'x'","where":""})";
  CHECK(machine_answering(404, body).run({"delete", "x"}).exit == 4);
  CHECK(machine_answering(404, body).run({"run", "x", "-b"}).exit == 4);
  CHECK(machine_answering(404, body).run({"run", "x"}).exit == 4);
  CHECK(machine_answering(404, body).run({"resolve", kId}).exit == 4);
  const Ran ran = machine_answering(404, body).run({"status", kId});
  CHECK(ran.exit == 4);
  CHECK(ran.err ==
        "error: Error: Request failed with status code 404\n"
        "       no action 'x'\n"
        "       code not_found\n");
}

TEST_CASE("delete names the action in the route, and cannot name another route") {
  Machine machine = machine_answering(200, "OK");
  CHECK(machine.run({"delete", "a/../b?c#d é"}).exit == 0);
  CHECK(machine.server.requests[0].method == "DELETE");
  CHECK(machine.server.requests[0].path == "/actions/a%2F..%2Fb%3Fc%23d%20%C3%A9");
}

TEST_CASE("run without -b prints the invocation's id as JSON") {
  const std::string body = std::string(R"({ "InvocationId": ")") + kId + "\" }";
  Machine machine = machine_answering(202, body);
  const Ran ran = machine.run({"run", "hello", "-p", R"({"a": 1})"});
  CHECK(ran.exit == 0);
  CHECK(ran.err == "info: Operation successful\n");
  CHECK(ran.out == std::string(R"({"InvocationId":")") + kId + "\"}\n");
  CHECK(machine.server.requests[0].path == "/actions/hello");
  CHECK(*machine.server.requests[0].body == R"({"a": 1})");
}

TEST_CASE("run hands on an idempotency key") {
  Machine machine = machine_answering(202, "{}");
  CHECK(machine.run({"run", "hello", "--key", "order-7"}).exit == 0);
  CHECK(machine.server.requests[0].headers.at("Idempotency-Key") == "order-7");
  CHECK(machine.run({"run", "hello", "--key", "a\r\nX-Evil: 1"}).exit == 2);
  CHECK(machine.server.requests.size() == 1);
}

TEST_CASE("run -b prints a string without quotes, and other values as JSON") {
  Machine text = machine_answering(200, R"("Hello Payload")");
  const Ran ran = text.run({"run", "hello", "-b"});
  CHECK(ran.out == "Hello Payload\n");
  CHECK(ran.err == "info: Operation successful\n");
  CHECK(text.server.requests[0].path == "/actions/hello/block");
  CHECK(*text.server.requests[0].body == "{}");

  CHECK(machine_answering(200, "9007199254740993").run({"run", "x", "-b"}).out ==
        "9007199254740993\n");
  CHECK(machine_answering(200, "{\"a\": [1.0, null]}").run({"run", "x", "-b"}).out ==
        "{\"a\":[1.0,null]}\n");
}

TEST_CASE("run -b waits on by id when the job takes longer than one request may") {
  Machine machine;
  machine.server.answers = {
      response(202, std::string(R"({"InvocationId":")") + kId + R"(","state":"running"})"),
      response(202, "{}"), response(200, "42")};
  const Ran ran = machine.run({"run", "slow", "-b"});
  CHECK(ran.exit == 0);
  CHECK(ran.out == "42\n");
  REQUIRE(machine.server.requests.size() == 3);
  CHECK(machine.server.requests[2].path == std::string("/invocation/") + kId);
  CHECK(machine.server.requests[2].query == "wait=20000");
  CHECK(machine.server.requests[2].patience > kWaitOnce);
}

TEST_CASE("a job that failed ends with 1, the original's line and what the server said") {
  const std::string body =
      std::string(R"({"err":6,"message":"hello.lua:2: boom\nstack","InvocationId":")") + kId +
      "\"}";
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"run", "hello", "-b"}, {"resolve", kId}}) {
    const Ran ran = machine_answering(500, body).run(words);
    CHECK(ran.exit == 1);
    CHECK(ran.out.empty());
    CHECK(ran.err == std::string("error: Error: Request failed with status code 500\n"
                                 "       hello.lua:2: boom\n"
                                 "       stack\n"
                                 "       err 6 (main failed), invocation ") +
                         kId + "\n");
  }
}

TEST_CASE("resolve gets a failed job's message in words, and the err code from its record") {
  Machine machine;
  machine.server.answers = {response(500, "attempt to call a nil value"),
                            response(200, R"({"state":"done","err":6})")};
  const Ran ran = machine.run({"resolve", kId});
  CHECK(ran.exit == 1);
  CHECK(ran.err ==
        "error: Error: Request failed with status code 500\n"
        "       attempt to call a nil value\n"
        "       err 6 (main failed)\n");
  CHECK(machine.server.requests.at(1).path == std::string("/invocations/") + kId);
}

TEST_CASE("resolve believes a server that keeps no records") {
  Machine machine;
  machine.server.answers = {response(500, "attempt to call a nil value"), response(404, "")};
  CHECK(machine.run({"resolve", kId}).exit == 1);
}

TEST_CASE("resolve does not take a fault of the server for the job's") {
  Machine machine;
  machine.server.answers = {response(500, "internal error"),
                            response(200, R"({"state":"running"})")};
  const Ran ran = machine.run({"resolve", kId});
  CHECK(ran.exit == 5);
  CHECK_THAT(ran.err, Contains("internal error"));
}

TEST_CASE("a fault of the server is not a failed job") {
  const std::string body = R"({"code":"internal","message":"internal error","where":""})";
  CHECK(machine_answering(500, body).run({"run", "hello", "-b"}).exit == 5);
  CHECK(machine_answering(503, "the disk is full").run({"run", "hello", "-b"}).exit == 5);
  CHECK(machine_answering(500, "oops").run({"run", "hello", "-b"}).exit == 5);
  CHECK(machine_answering(500, "oops").run({"run", "hello"}).exit == 5);
}

TEST_CASE("resolve asks until the end, and does not hurry a server that answers at once") {
  Machine machine;
  machine.server.answers = {response(202, "{}"), response(202, "{}"), response(200, "\"done\"")};
  const Ran ran = machine.run({"resolve", kId});
  CHECK(ran.exit == 0);
  CHECK(ran.out == "done\n");
  CHECK(machine.server.requests.size() == 3);
  CHECK(machine.slept.size() == 2);
}

TEST_CASE("resolve --no-wait says that it is not finished, and asks once") {
  const std::string body = std::string(R"({"InvocationId":")") + kId + R"(","state":"queued"})";
  Machine machine = machine_answering(202, body);
  const Ran ran = machine.run({"resolve", "--no-wait", kId});
  CHECK(ran.exit == 0);
  CHECK(ran.out == body + "\n");
  CHECK(ran.err == "info: Not finished yet\n");
  CHECK(machine.server.requests.size() == 1);
  CHECK(machine.server.requests[0].query == "wait=0");
}

TEST_CASE("a wait that is cut off says how to go on") {
  Machine machine;
  const Ran ran = machine.run({"resolve", kId});
  CHECK(ran.exit == 3);
  CHECK_THAT(ran.err, Contains(std::string("slcli resolve ") + kId));
}

TEST_CASE("update keeps the limits that are not given") {
  const TemporaryFolder folder;
  const std::string file = folder.file("a.lua", "return 1\n");
  Machine machine;
  machine.server.answers = {response(200, R"({"name":"a","timeout":1500,"maxmem":2048})"),
                            response(200, "OK")};
  CHECK(machine.run({"update", "a", "-f", file, "-m", "4M"}).exit == 0);
  REQUIRE(machine.server.requests.size() == 2);
  CHECK(machine.server.requests[0].method == "GET");
  CHECK(machine.server.requests[1].method == "PUT");
  CHECK(machine.server.requests[1].path == "/actions/a");
  CHECK(*machine.server.requests[1].body ==
        R"({"code":"cmV0dXJuIDEK","timeout":1500,"maxmem":4096})");
}

TEST_CASE("update does not guess limits, and does not ask for what it is told") {
  const TemporaryFolder folder;
  const std::string file = folder.file("a.lua", "return 1\n");
  Machine silent = machine_answering(200, "{}");
  CHECK(silent.run({"update", "a", "-f", file}).exit == 5);
  CHECK(silent.server.requests.size() == 1);

  Machine told = machine_answering(200, "OK");
  CHECK(told.run({"update", "a", "-f", file, "-m", "1", "-t", "2"}).exit == 0);
  CHECK(told.server.requests.size() == 1);
  CHECK(machine_answering(404, "no action 'a'").run({"update", "a", "-f", file}).exit == 4);
}

TEST_CASE("list is the server's JSON in a pipe") {
  const std::string body = R"([{"maxmem":65536,"name":"hello","size":192,"timeout":2000}])";
  Machine machine = machine_answering(200, body);
  const Ran ran = machine.run({"list"});
  CHECK(ran.exit == 0);
  CHECK(ran.out == body + "\n");
  CHECK(ran.err == "info: Available actions\n");
  CHECK(machine.run({"list", "--names"}).out == "hello\n");
  CHECK(machine.run({"list", "--names"}).err.empty());
  CHECK(machine.run({"list", "--names", "-o", "json"}).out == "[\"hello\"]\n");
}

TEST_CASE("list is an aligned table on a terminal") {
  Machine machine =
      machine_answering(200, R"([{"maxmem":65536,"name":"a","size":1192,"timeout":2000},)"
                             R"({"maxmem":0,"name":"longer","size":7,"timeout":5}])");
  machine.out_is_terminal = true;
  CHECK(machine.run({"list"}).out ==
        "NAME      SIZE  TIMEOUT    MAXMEM\n"
        "a       1192 B  2000 ms  65536 KB\n"
        "longer     7 B     5 ms   default\n");
}

TEST_CASE("list of nothing is said as list of something") {
  Machine machine = machine_answering(200, "[]");
  CHECK(machine.run({"list"}).err == "info: Available actions\n");
  CHECK(machine.run({"list"}).out == "[]\n");
}

TEST_CASE("status is the whole record") {
  const std::string body =
      R"({"InvocationId":"x","state":"done","error":{"code":6,"message":"a\nb"}})";
  Machine machine = machine_answering(200, body);
  CHECK(machine.run({"status", kId}).out == body + "\n");
  CHECK(machine.server.requests[0].path == std::string("/invocations/") + kId);
  machine.out_is_terminal = true;
  CHECK(machine.run({"status", kId}).out ==
        "InvocationId   x\n"
        "state          done\n"
        "error.code     6\n"
        "error.message  a\n"
        "               b\n");
}

TEST_CASE("answers that are no JSON are shown as they are") {
  Machine machine = machine_answering(200, "plain text");
  CHECK(machine.run({"list"}).out == "plain text\n");
  CHECK(machine.run({"status", kId}).out == "plain text\n");
  CHECK(machine.run({"run", "x", "-b"}).out == "plain text\n");
  CHECK(machine.run({"run", "x", "-b", "-o", "json"}).out == "\"plain text\"\n");
  CHECK(machine_answering(200, "").run({"run", "x", "-b"}).out.empty());
}

TEST_CASE("a page of HTML is not poured onto the terminal") {
  const Ran ran =
      machine_answering(502, "<html>" + std::string(5000, 'x'), {{"content-type", "text/html"}})
          .run({"list"});
  CHECK(ran.exit == 5);
  CHECK_THAT(ran.err, Contains("this may not be a Sluice server"));
  CHECK(ran.err.size() < 300);
}
