// Requests out of bytes, without a socket.
#include <catch2/catch.hpp>

#include "api/http/request_parser.h"

namespace sluice::api {
namespace {

using Step = RequestParser::Step;

struct Seen {
  std::string path, query, body;
  Method method;
};

// Feeds `bytes` in pieces of `size` and collects the requests; ends at a fault.
std::vector<Seen> read_all(RequestParser& parser, std::string_view bytes, size_t size) {
  std::vector<Seen> seen;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, size);
    const size_t before = piece.size();
    const Step step = parser.feed(piece);
    bytes.remove_prefix(before - piece.size());
    if (step == Step::kFault) break;
    if (step == Step::kMore) continue;
    Request& request = parser.request();
    seen.push_back({std::string(request.path()), std::string(request.raw_query()), request.body,
                    request.method});
    parser.next();
  }
  return seen;
}

int fault_of(std::string_view bytes, HttpLimits limits = {}) {
  for (size_t size : {bytes.size(), size_t{1}, size_t{7}}) {
    RequestParser parser(limits);
    read_all(parser, bytes, size);
    if (size == 7) return parser.fault().message.empty() ? 0 : parser.fault().status;
    if (parser.fault().message.empty()) return 0;
  }
  return 0;
}

const char* const kThree =
    "POST /actions/echo/block?wait=5 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    "GET /ping HTTP/1.1\r\nhost: a\r\nEmpty:\r\nX: y\r\n\r\n"
    "PUT /actions/x HTTP/1.1\r\nHOST: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: t\r\n\r\n";

TEST_CASE("three requests in one piece, and split at every byte, read the same") {
  const HttpLimits limits;
  const std::string_view bytes = kThree;
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    RequestParser parser(limits);
    std::vector<Seen> seen = read_all(parser, bytes.substr(0, cut), bytes.size());
    for (const Seen& one : read_all(parser, bytes.substr(cut), bytes.size())) seen.push_back(one);
    INFO("cut at " << cut);
    REQUIRE(seen.size() == 3);
    CHECK(seen[0].path == "/actions/echo/block");
    CHECK(seen[0].query == "wait=5");
    CHECK(seen[0].body == "hello");
    CHECK(seen[1].method == Method::kGet);
    CHECK(seen[1].path == "/ping");
    CHECK(seen[2].method == Method::kPut);
    CHECK(seen[2].body == "abcde");
  }
  RequestParser parser(limits);
  CHECK(read_all(parser, bytes, 1).size() == 3);
}

TEST_CASE("headers are found in any case, and each value is its own") {
  const HttpLimits limits;
  RequestParser parser(limits);
  std::string_view bytes =
      "GET / HTTP/1.1\r\nHost: h\r\nA:\r\nIDEMPOTENCY-key:  k 1 \r\nB: b\r\nb: c\r\n\r\n";
  REQUIRE(parser.feed(bytes) == Step::kRequest);
  const Request& request = parser.request();
  CHECK(request.header("host") == "h");
  CHECK(request.header("a") == "");
  CHECK(request.header("idempotency-key") == "k 1");
  CHECK(request.header("b") == "b");
  CHECK(request.header_count("b") == 2);
  CHECK(!request.header("c"));
}

TEST_CASE("blanks around a value are none of it") {
  const HttpLimits limits;
  constexpr std::string_view kHead =
      "GET / HTTP/1.1\r\nHost: \t a \t \r\nX:\tb  c\t\r\nBlank: \t \r\nEmpty:\r\n\r\n";
  for (const size_t size : {kHead.size(), size_t{1}, size_t{3}}) {
    INFO("in pieces of " << size);
    RequestParser parser(limits);
    std::string_view rest = kHead;
    Step step = Step::kMore;
    while (step == Step::kMore && !rest.empty()) {
      std::string_view piece = rest.substr(0, size);
      rest.remove_prefix(piece.size());
      step = parser.feed(piece);
    }
    REQUIRE(step == Step::kRequest);
    const Request& request = parser.request();
    CHECK(request.header("host") == "a");
    CHECK(request.header("x") == "b  c");
    CHECK(request.header("blank") == "");
    CHECK(request.header("empty") == "");
  }
}

TEST_CASE("paths are split and decoded, queries are decoded when asked for") {
  const HttpLimits limits;
  RequestParser parser(limits);
  std::string_view bytes =
      "GET /a%2Fb//c%20d/?x=1%2b2&y=a+b&x2&w=%zz&y2=1&y2=2 HTTP/1.1\r\nHost: h\r\n\r\n";
  REQUIRE(parser.feed(bytes) == Step::kRequest);
  const Request& request = parser.request();
  REQUIRE(request.segment_count() == 4);
  CHECK(request.segment(0) == "a/b");
  CHECK(request.segment(1) == "");
  CHECK(request.segment(2) == "c d");
  CHECK(request.segment(3) == "");
  CHECK(request.path() == "/a%2Fb//c%20d/");
  CHECK(request.query("x").value() == "1+2");
  CHECK(request.query("y").value() == "a b");
  CHECK(request.query("x2").value() == "");
  CHECK(request.query("none").value() == std::nullopt);
  CHECK(!request.query("w").ok());
  CHECK(request.query("y2").error().message == "is given twice");
}

TEST_CASE("an absolute target means its path") {
  const HttpLimits limits;
  RequestParser parser(limits);
  std::string_view bytes = "GET http://h:80/ping?a=1 HTTP/1.1\r\nHost: h\r\n\r\n";
  REQUIRE(parser.feed(bytes) == Step::kRequest);
  CHECK(parser.request().path() == "/ping");
  CHECK(parser.request().raw_query() == "a=1");
}

TEST_CASE("what is not HTTP, or not ours, is refused with the right status") {
  const std::string host = "Host: h\r\n";
  CHECK(fault_of("\x16\x03\x01 TLS\r\n\r\n") == 400);
  CHECK(fault_of("GET / HTTP/1.1\r\n\r\n") == 400);                     // no Host
  CHECK(fault_of("GET / HTTP/1.1\r\n" + host + host + "\r\n") == 400);  // two
  CHECK(fault_of("GET / HTTP/2.0\r\n" + host + "\r\n") == 505);
  CHECK(fault_of("GET /%zz HTTP/1.1\r\n" + host + "\r\n") == 400);
  CHECK(fault_of("GET /%00 HTTP/1.1\r\n" + host + "\r\n") == 400);
  CHECK(fault_of("GET / HTTP/1.1\r\n" + host + "Bad Header: 1\r\n\r\n") == 400);
  CHECK(fault_of("POST / HTTP/1.1\r\n" + host + "Content-Length: 1x\r\n\r\n") == 400);
  CHECK(fault_of("POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n") == 400);
  CHECK(fault_of("POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n") ==
        400);
  CHECK(fault_of("POST / HTTP/1.1\r\n" + host +
                 "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(fault_of("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n") == 501);
  CHECK(fault_of("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n") == 501);
  CHECK(fault_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(fault_of("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n") == 400);
  CHECK(fault_of("POST / HTTP/1.1\r\n" + host + "Expect: a miracle\r\n\r\n") == 417);
}

TEST_CASE("heads and bodies are bounded") {
  HttpLimits limits;
  limits.head_bytes = 1000;
  limits.target_bytes = 100;
  limits.headers = 5;
  limits.body_bytes = 10;
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
  CHECK(fault_of("GET /" + std::string(100, 'a') + " HTTP/1.1\r\n", limits) == 414);
  CHECK(fault_of(start + "A: " + std::string(2000, 'a') + "\r\n\r\n", limits) == 431);
  CHECK(fault_of(start + "A: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n\r\n", limits) == 431);
  CHECK(fault_of(start + "Content-Length: 11\r\n\r\n", limits) == 413);
  CHECK(fault_of(start + "Content-Length: 99999999999999999999999\r\n\r\n", limits) == 400);
  CHECK(fault_of(start + "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n",
                 limits) == 413);
  CHECK(fault_of(start + "Transfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n012345\r\n",
                 limits) == 413);
  CHECK(fault_of(start + "Content-Length: 10\r\n\r\n0123456789", limits) == 0);
}

TEST_CASE("keep-alive follows version and Connection header") {
  const HttpLimits limits;
  const auto keeps = [&](std::string_view bytes) {
    RequestParser parser(limits);
    REQUIRE(parser.feed(bytes) == Step::kRequest);
    return parser.keep_alive();
  };
  CHECK(keeps("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  CHECK(!keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  CHECK(!keeps("GET / HTTP/1.0\r\n\r\n"));
  CHECK(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  // An offer to upgrade may be ignored.
  CHECK(keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"));
}

TEST_CASE("a client that expects it is told to continue once, before its body") {
  const HttpLimits limits;
  RequestParser parser(limits);
  std::string_view head =
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  CHECK(parser.feed(head) == Step::kMore);
  CHECK(parser.take_continue());
  CHECK(!parser.take_continue());
  std::string_view body = "ab";
  CHECK(parser.feed(body) == Step::kRequest);
  CHECK(parser.request().body == "ab");
}

}  // namespace
}  // namespace sluice::api
