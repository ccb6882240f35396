#include "plugins/http/url.h"

#include <catch2/catch.hpp>

#include "sluice/plugin.hpp"

namespace sluice::http {
namespace {

using Catch::Matchers::Contains;

std::string why(const std::string& text) {
  try {
    const Url url = Url::parse(text);
    return "taken: " + url.target().authority();
  } catch (const plugin::Failure& failure) {
    return failure.what();
  }
}

std::string authority(const std::string& text) {
  return Url::parse(text).target().authority();
}

TEST_CASE("a URL is read as host and port") {
  CHECK(authority("http://example.com") == "example.com:80");
  CHECK(authority("https://Example.COM/x?y#z") == "example.com:443");
  CHECK(authority("HTTP://example.com:8080") == "example.com:8080");
  CHECK(authority("http://[::1]:81/") == "[::1]:81");
  CHECK(authority("http://a_b.example.com") == "a_b.example.com:80");
  CHECK(authority("http://xn--bcher-kva.example") == "xn--bcher-kva.example:80");
  CHECK(authority("http://example.com:00080/") == "example.com:80");
  CHECK(Url::parse("http://example.com/a?b#c").text() == "http://example.com/a?b");
}

TEST_CASE("odd ways to write an IPv4 address are that address") {
  for (const char* host : {"127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433",
                           "017700000001", "0177.0.0.1", "127.0.1", "0X7F.0.0.1"}) {
    INFO(host);
    CHECK(authority("http://" + std::string(host) + "/") == "127.0.0.1:80");
  }
  for (const char* host : {"[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::127.0.0.1]"}) {
    INFO(host);
    CHECK(authority("http://" + std::string(host) + "/") == "127.0.0.1:80");
  }
  CHECK(authority("http://[0:0:0:0:0:0:0:1]/") == "[::1]:80");
}

TEST_CASE("odd hosts are refused") {
  for (const char* text : {"http://127.0.0.1./",
                           "http://example.com./",
                           "http://.example.com/",
                           "http://a..b/",
                           "http://256.256.256.256/",
                           "http://1.2.3.4.5/",
                           "http://127.0.0.0x1g.1/",
                           "http://4294967296/",
                           "http://0x/",
                           "http://1.2.3.09/",
                           "http://example.0x7f/",
                           "http://[::1%25lo]/",
                           "http://[fe80::1%25eth0]/",
                           "http://[::1/",
                           "http://[]/",
                           "http://[::g]/",
                           "http://::1/",
                           "http://%31%32%37.0.0.1/",
                           "http://127.0.0.1%2f@example.com/",
                           "http://exam%00ple.com/",
                           "http://example.com%2eevil.org/",
                           "http://a,b/",
                           "http://a|b/",
                           "http://a*b/",
                           "http://a;b/",
                           "http://$(id)/",
                           "http://*/"}) {
    INFO(text);
    CHECK_THAT(why(text), !Contains("taken"));
  }
  CHECK_THAT(why("http://" + std::string(64, 'a') + ".com/"), Contains("host that is none"));
}

TEST_CASE("what only some parsers take for a host is refused") {
  for (const char* text :
       {"http://example.com\\@127.0.0.1/", "http://127.0.0.1\\.example.com/", "http:\\\\127.0.0.1/",
        "http:/127.0.0.1/", "http:///127.0.0.1/", "http:////127.0.0.1/", "http:127.0.0.1",
        "http:", "http://", "http://?x", "http://#x", "//example.com/", "/path", "example.com",
        "example.com:80", "", "://example.com", "http//example.com"}) {
    INFO(text);
    CHECK_THAT(why(text), !Contains("taken"));
  }
}

TEST_CASE("users and passwords in a URL are refused") {
  for (const char* text :
       {"http://user@example.com/", "http://user:word@example.com/", "http://:word@example.com/",
        "http://@example.com/", "http://example.com@127.0.0.1/", "http://a:b@c@example.com/"}) {
    INFO(text);
    CHECK_THAT(why(text), !Contains("taken"));
  }
  CHECK_THAT(why("http://user:word@example.com/"),
             Contains("user or password") && !Contains("word@"));
  CHECK(authority("http://example.com/@x?a@b") == "example.com:80");
}

TEST_CASE("bytes that have no place in a URL are refused, with their place") {
  CHECK_THAT(why("http://example.com/a b"), Contains("a space at byte 20"));
  CHECK_THAT(why(" http://example.com/"), Contains("a space at byte 0"));
  CHECK_THAT(why("http://example.com/\r\nX: y"), Contains("control character at byte 19"));
  CHECK_THAT(why("http://exam\tple.com/"), Contains("control character"));
  CHECK_THAT(why(std::string("http://example.com\0.evil.org/", 29)), Contains("control character"));
  CHECK_THAT(why("http://b\xc3\xbc"
                 "cher.example/"),
             Contains("beyond ASCII") && Contains("xn--"));
  CHECK_THAT(why("http://127\xe3\x80\x82"
                 "0.0.1/"),
             Contains("beyond ASCII"));
  CHECK_THAT(why("http://\xe2\x91\xa0.0.0.1/"), Contains("beyond ASCII"));
  CHECK_THAT(why("http://example.com/\x7f"), Contains("control character"));
  CHECK_THAT(why("http://example.com/" + std::string(9000, 'x')), Contains("at most 8192"));
}

TEST_CASE("other schemes and ports that are none are refused") {
  for (const char* text : {"ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x",
                           "dict://127.0.0.1:11211/", "ldap://x/", "javascript://x", "httpss://x/",
                           "unix://x", "ws://x/"}) {
    INFO(text);
    CHECK_THAT(why(text), !Contains("taken"));
  }
  for (const char* text :
       {"http://example.com:0/", "http://example.com:65536/", "http://example.com:-1/",
        "http://example.com:80x/", "http://example.com:8 0/", "http://example.com:0x50/",
        "http://example.com:99999999999/"}) {
    INFO(text);
    CHECK_THAT(why(text), !Contains("taken"));
  }
}

TEST_CASE("a Location is read from where it was given") {
  const Url base = Url::parse("http://example.com/a/b?c");
  CHECK(base.follow("d").text() == "http://example.com/a/d");
  CHECK(base.follow("/d").text() == "http://example.com/d");
  CHECK(base.follow("?d").text() == "http://example.com/a/b?d");
  CHECK(base.follow("../../../d").text() == "http://example.com/d");
  CHECK(base.follow("//other.org/d").target().host == "other.org");
  CHECK(base.follow("https://other.org/d").target().scheme == "https");
  CHECK(base.follow("/a?u=http://x%20y/").target().host == "example.com");
  for (const char* text : {"file:///etc/passwd", "http://user@x/", "//user@x/", "http:x", "/a b",
                           "//", "\\\\x/", "//x%00/", "http:///x", "//x:0/", "gopher://x/"}) {
    INFO(text);
    CHECK_THROWS_AS(base.follow(text), plugin::Failure);
  }
}

}  // namespace
}  // namespace sluice::http
