// Servers that are slow, cut off, endless or no servers at all.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>

#include "test/support/plugin/plugin_driver.h"
#include "test/support/scripted_server.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::Equals;
using Script = ScriptedServer::Script;
using Peer = ScriptedServer::Peer;

std::string get(const ScriptedServer& server, const std::string& config = "",
                const std::string& more = "", PluginDriver::Options options = {}) {
  PluginDriver http("http.so", R"({"hosts":["127.0.0.1:*"])" + config + "}", options);
  const auto got = http.call("get", R"({"url":")" + server.url() + "\"" + more + "}");
  return (got.ok ? "" : "error: ") + got.text;
}

Script once(const std::string& bytes) {
  return [bytes](const Heard&, Peer& peer) {
    peer.send(bytes);
    peer.close();
  };
}

Script then_hang(const std::string& bytes) {
  return [bytes](const Heard&, Peer& peer) {
    peer.send(bytes);
    peer.hang();
  };
}

Script endless(const std::string& head, const std::string& piece) {
  return [=](const Heard&, Peer& peer) {
    peer.send(head);
    while (peer.send(piece)) {
    }
  };
}

TEST_CASE(
    "a server that says nothing, or stops in the middle, is not waited for beyond the time-out") {
  for (const std::string& bytes :
       {std::string(), std::string("HTTP/1.1 200 OK\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Le"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n")}) {
    INFO(bytes);
    const ScriptedServer server(then_hang(bytes));
    CHECK(get(server, "", R"(,"timeout_ms":60)") ==
          "error: timed out after 60 ms, waiting for the answer of '127.0.0.1'");
  }
}

TEST_CASE("a body that drips does not outlive the time-out") {
  const ScriptedServer server([](const Heard&, Peer& peer) {
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    peer.drip();
    peer.close();
  });
  CHECK_THAT(get(server, "", R"(,"timeout_ms":60)"), Contains("timed out after 60 ms"));
}

TEST_CASE("the call's own time is a limit as well") {
  const ScriptedServer server(then_hang(""));
  PluginDriver::Options options;
  options.timeout = std::chrono::milliseconds(50);
  CHECK_THAT(get(server, "", R"(,"timeout_ms":60000)", options), Contains("timed out after"));
}

TEST_CASE("a body beyond the bound is refused: announced, chunked, or until the end") {
  const std::string config = R"(,"max_answer_bytes":"4K")";
  const std::string piece(1000, 'x');
  const ScriptedServer announced(then_hang("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"));
  CHECK_THAT(get(announced, config), Contains("has 5000 bytes; at most 4096"));
  const ScriptedServer chunked(
      endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "3e8\r\n" + piece + "\r\n"));
  CHECK_THAT(get(chunked, config), Contains("more than 4096 bytes"));
  const ScriptedServer until_end(endless("HTTP/1.1 200 OK\r\n\r\n", piece));
  CHECK_THAT(get(until_end, config), Contains("more than 4096 bytes"));
}

TEST_CASE("what becomes too large as JSON is refused") {
  const ScriptedServer server(always(answer(200, std::string(1000, '\x01'))));
  CHECK_THAT(get(server, R"(,"max_answer_bytes":"4K")"), Contains("bytes as JSON; at most 4096"));
}

TEST_CASE("headers beyond the bound are refused") {
  const std::string config = R"(,"max_header_bytes":"2K")";
  const ScriptedServer many(
      endless("HTTP/1.1 200 OK\r\n", "A: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n"));
  CHECK_THAT(get(many, config), Contains("max_header_bytes"));
  const ScriptedServer interim(endless("", "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"));
  CHECK_THAT(get(interim, config), Contains("max_header_bytes"));
  const ScriptedServer trailers(endless(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: bbbbbbbbbbbbbbb\r\n"));
  CHECK_THAT(get(trailers, config), Contains("error:"));
}

TEST_CASE("a packed answer is not unpacked into memory") {
  // Nobody asked for it. As a transfer coding libcurl would undo it; what comes out is bounded.
  const ScriptedServer server(always(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\n\x1f\x8b\x08\r\n0\r\n\r\n"));
  CHECK_THAT(get(server, "", R"(,"timeout_ms":20000)"),
             Contains("error") || Contains("\"status\":200"));
}

TEST_CASE("an answer with two lengths is an error, and its connection serves no other call") {
  for (const char* lengths :
       {"Content-Length: 5\r\nContent-Length: 3\r\n", "Content-Length: 3\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 3\r\n"}) {
    INFO(lengths);
    const ScriptedServer server([&](const Heard& heard, Peer& peer) {
      peer.send(heard.line.find("GET /two ") == 0
                    ? "HTTP/1.1 200 OK\r\n" + std::string(lengths) + "\r\nhello"
                    : answer(200, "fine"));
    });
    PluginDriver http("http.so", R"({"hosts":["127.0.0.1:*"]})");
    const auto got = http.call("get", R"({"url":")" + server.url() + R"(two"})");
    CHECK(got.text ==
          "the answer's Content-Length is not one number: where its body ends is not certain");
    CHECK_THAT(http.call("get", R"({"url":")" + server.url() + "\"}").text, Contains("fine"));
  }
}

TEST_CASE("an answer that breaks off is an error") {
  const ScriptedServer half(once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"));
  CHECK(get(half) == "error: the answer of '127.0.0.1' broke off");
  const ScriptedServer chunk(
      once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n12345"));
  CHECK(get(chunk) == "error: the answer of '127.0.0.1' broke off");
  const ScriptedServer nothing(once(""));
  CHECK(get(nothing) == "error: '127.0.0.1' closed the connection without an answer");
}

TEST_CASE("a request on a kept connection that ends is sent again only where that does no harm") {
  const auto second_is_lost = [] {
    return [count = std::make_shared<std::atomic<int>>(0)](const Heard&, Peer& peer) {
      if (++*count == 2) return peer.close();
      peer.send(answer(200, "hello"));
    };
  };
  for (const std::string action : {"get", "post"}) {
    INFO(action);
    const ScriptedServer server(second_is_lost());
    PluginDriver http("http.so", R"({"hosts":["127.0.0.1:*"]})");
    const std::string payload = R"({"url":")" + server.url() + "\"}";
    CHECK(http.call(action, payload).ok);
    const auto second = http.call(action, payload);
    CHECK(second.ok == (action == "get"));
    CHECK(server.heard().size() == (action == "get" ? 3 : 2));
    if (!second.ok)
      CHECK(second.text == "the connection to '127.0.0.1' broke off; the request may have arrived");
    CHECK(http.call(action, payload).ok);
  }
}

TEST_CASE("what is no HTTP is an error") {
  for (const char* bytes : {"SSH-2.0-OpenSSH_9.2\r\n", "220 mail ready\r\n", "-ERR unknown\r\n",
                            "\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n"}) {
    INFO(bytes);
    const ScriptedServer server(once(bytes));
    CHECK_THAT(get(server), Contains("error:") && Contains("127.0.0.1"));
  }
}

TEST_CASE("a port that nobody listens on is told as that") {
  int port = 0;
  { port = ScriptedServer(once("")).port(); }
  PluginDriver http("http.so", R"({"hosts":["127.0.0.1:*"]})");
  const auto got = http.call("get", R"({"url":"http://127.0.0.1:)" + std::to_string(port) + "\"}");
  CHECK(got.text ==
        "could not connect to 127.0.0.1:" + std::to_string(port) + ": refused, or not reachable");
}

// A listener whose queue is full answers no SYN: a connection to it never comes about.
class FullListener {
 public:
  FullListener() {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&address_), size) == 0);
    REQUIRE(listen(fd_, 0) == 0);
    REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size) == 0);
    for (int& fill : fills_) {
      fill = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      connect(fill, reinterpret_cast<sockaddr*>(&address_), sizeof address_);
    }
  }
  ~FullListener() {
    for (const int fill : fills_) close(fill);
    close(fd_);
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/";
  }

 private:
  int fd_ = -1;
  int fills_[4];
  sockaddr_in address_{};
};

TEST_CASE("connecting has a limit of its own") {
  const FullListener listener;
  PluginDriver http("http.so", R"({"hosts":["127.0.0.1:*"],"connect_timeout":"60ms"})");
  CHECK(http.call("get", R"({"url":")" + listener.url() + "\"}").text ==
        "no connection to '127.0.0.1' within 60 ms ('connect_timeout')");
  CHECK(http.call("get", R"({"url":")" + listener.url() + R"(","timeout_ms":30})").text ==
        "timed out after 30 ms, connecting to '127.0.0.1'");
}

}  // namespace
}  // namespace sluice::test
