#include "plugins/http/request.h"

#include <catch2/catch.hpp>

#include "sluice/plugin.hpp"

namespace sluice::http {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

Settings settings() {
  return parse_settings(R"({"hosts":["example.com","10.0.0.5"],"max_request_bytes":500})", 1 << 20);
}

Request parse(const std::string& payload, std::optional<std::string> method = {}) {
  return parse_request(payload, settings(), std::move(method));
}

std::string why(const std::string& payload, std::optional<std::string> method = {}) {
  try {
    parse(payload, std::move(method));
    return "";
  } catch (const plugin::Failure& failure) {
    return failure.what();
  }
}

std::string with_header(const std::string& name, const std::string& value = "x") {
  return R"({"url":"http://example.com","headers":{")" + name + "\":\"" + value + "\"}}";
}

TEST_CASE("a payload is taken apart") {
  const Request request = parse(
      R"({"method":"put","url":"http://example.com/x","headers":{"X-A":"1","X-B":""},"body":"b",
          "timeout_ms":70,"follow":false})");
  CHECK(request.method == "PUT");
  CHECK(request.url.text() == "http://example.com/x");
  REQUIRE(request.headers.size() == 2);
  CHECK(request.headers[0].name == "X-A");
  CHECK(request.body == "b");
  CHECK(request.timeout == std::chrono::milliseconds(70));
  CHECK_FALSE(request.follow);
  CHECK(parse(R"({"url":"http://example.com","headers":[]})", "GET").headers.empty());
}

TEST_CASE("json becomes a body with its type, unless the caller names another") {
  const Request plain = parse(R"({"url":"http://example.com","json":{"a":[1, 2.0]}})", "POST");
  CHECK(plain.body == R"({"a":[1,2.0]})");
  REQUIRE(plain.headers.size() == 1);
  CHECK(plain.headers[0].value == "application/json");
  const Request typed =
      parse(R"({"url":"http://example.com","json":1,"headers":{"content-TYPE":"text/x"}})", "POST");
  REQUIRE(typed.headers.size() == 1);
  CHECK(typed.headers[0].value == "text/x");
}

TEST_CASE("payloads that ask for what cannot be are refused with words") {
  CHECK_THAT(why("{}"), Contains("needs 'method'"));
  CHECK_THAT(why("{}", "GET"), Contains("needs 'url'"));
  CHECK_THAT(why(R"({"url":7})", "GET"), Contains("'url' must be a text"));
  CHECK_THAT(why(R"({"url":"http://example.com","heders":{}})", "GET"),
             Contains("unknown key 'heders'"));
  CHECK_THAT(why(R"({"url":"http://example.com","body":"x"})", "GET"), Equals("a GET has no body"));
  CHECK_THAT(why(R"({"url":"http://example.com","body":"x","json":1})", "POST"), Contains("both"));
  CHECK_THAT(why(R"({"url":"http://example.com","timeout_ms":0})", "GET"),
             Contains("'timeout_ms'"));
  CHECK_THAT(why(R"({"url":"http://example.com","headers":{"a":1}})", "GET"),
             Contains("'headers.a'"));
  CHECK_THAT(why(R"({"url":"http://example.com","headers":"a"})", "GET"), Contains("'headers'"));
  for (const char* method : {"", "G T", "GET\\r\\nX: y", "CONNECT", "trace", "G\\u0000ET",
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ"}) {
    INFO(method);
    CHECK_THAT(why(R"({"url":"http://example.com","method":")" + std::string(method) + "\"}"),
               Contains("'method'"));
  }
}

TEST_CASE("headers that frame a message or steer a connection are refused") {
  for (const char* name : {"Host", "content-length", "Transfer-Encoding", "Connection",
                           "Keep-Alive", "Expect", "Upgrade", "TE", "Trailer", "HTTP2-Settings",
                           "Via", "Proxy-Authorization", "proxy-connection"}) {
    INFO(name);
    CHECK_THAT(why(with_header(name), "GET"), Contains("must not have"));
  }
  CHECK(why(with_header("Authorization"), "GET").empty());
}

TEST_CASE("header names are tokens, and values are one line") {
  for (const char* name :
       {"", "a b", "a:", "a\\r\\nb", "a\\u0000", "\\u00fc", " a", "a\\t", "(a)"}) {
    INFO(name);
    CHECK_THAT(why(with_header(name), "GET"), Contains("name that is none"));
  }
  for (const char* value : {"a\\r\\nX: y", "a\\nb", "a\\rb", "a\\u0000b", "a\\u007f", "\\u001b"}) {
    INFO(value);
    CHECK_THAT(why(with_header("X", value), "GET"), Contains("control character"));
  }
  CHECK(why(with_header("X", "a\\tb \\u00fc"), "GET").empty());
  CHECK_THAT(why(R"({"url":"http://example.com","headers":{"A":"1","a":"2"}})", "GET"),
             Contains("twice"));
}

TEST_CASE("requests are bounded, all of it together") {
  const std::string big(490, 'x');
  CHECK_THAT(why(R"({"url":"http://example.com","body":")" + big + "\"}", "POST"),
             Contains("at most 500"));
  CHECK_THAT(why(with_header("X", big), "GET"), Contains("at most 500"));
  CHECK_THAT(why(R"({"url":"http://example.com/)" + big + "\"}", "GET"), Contains("at most 500"));
  std::string many = R"({"url":"http://example.com","headers":{"a":"")";
  for (int i = 0; i < 101; ++i) many += ",\"a" + std::to_string(i) + "\":\"\"";
  CHECK_THAT(why(many + "}}", "GET"), Contains("more than 100"));
}

TEST_CASE("a host or scheme that is not listed is refused before anything is sent") {
  CHECK_THAT(why(R"({"url":"http://evil.com"})", "GET"), Contains("does not list evil.com:80"));
  CHECK_THAT(why(R"({"url":"http://2130706433"})", "GET"),
             Contains("127.0.0.1 is of this machine"));
  CHECK_THAT(why(R"({"url":"http://0x0a.5"})", "GET"), Equals(""));  // 10.0.0.5, which is listed
  const Settings secure =
      parse_settings(R"({"hosts":["example.com"],"schemes":["https"]})", 1 << 20);
  CHECK_THROWS_WITH(parse_request(R"({"url":"http://example.com"})", secure, "GET"),
                    Contains("does not list http in its 'schemes'"));
}

TEST_CASE("refusals repeat no query: it may hold a key") {
  CHECK_THAT(why(R"({"url":"http://evil.com/p?key=secret"})", "GET"), !Contains("secret"));
  CHECK_THAT(why(R"({"url":"http://u:secret@evil.com/"})", "GET"), !Contains("secret"));
}

}  // namespace
}  // namespace sluice::http
