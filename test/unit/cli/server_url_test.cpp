#include "cli/server_url.h"

#include <catch2/catch.hpp>

#include "cli/client.h"

using namespace sluice;
using namespace sluice::cli;
using Catch::Matchers::Contains;

namespace {

std::string normal(std::string_view text) {
  const Result<ServerUrl> url = ServerUrl::parse(text);
  return url.ok() ? url->text() : "refused";
}

}  // namespace

TEST_CASE("an address is normalised so that a route can follow it") {
  CHECK(normal("http://127.0.0.1:8080") == "http://127.0.0.1:8080");
  CHECK(normal("http://127.0.0.1:8080/") == "http://127.0.0.1:8080");
  CHECK(normal("127.0.0.1:8080") == "http://127.0.0.1:8080");
  CHECK(normal("localhost:8080") == "http://localhost:8080");
  CHECK(normal("https://jobs.example/sluice//") == "https://jobs.example/sluice");
  CHECK(normal("http://[::1]:8080") == "http://[::1]:8080");
}

TEST_CASE("what is no address is refused with an example of one") {
  for (const char* text : {"", " ", "ftp://x", "file:///etc/passwd", "http://", "http://x:99999",
                           "http://x?a=b", "http://x#y", "http://a b", "gopher://x"}) {
    INFO(text);
    CHECK(normal(text) == "refused");
  }
  CHECK(normal(std::string("http://a\0b", 10)) == "refused");
  CHECK_THAT(ServerUrl::parse("ftp://x").error().message,
             Contains("'ftp://x'") && Contains("http://127.0.0.1:8080"));
}

TEST_CASE("a password is used but not shown") {
  const Result<ServerUrl> url = ServerUrl::parse("http://me:secret@host:1");
  REQUIRE(url.ok());
  CHECK(url->text() == "http://me:secret@host:1");
  CHECK(url->shown() == "http://me@host:1");
}

TEST_CASE("loopback addresses are recognised") {
  CHECK(ServerUrl::parse("localhost:1")->is_loopback());
  CHECK(ServerUrl::parse("127.1.2.3:1")->is_loopback());
  CHECK(ServerUrl::parse("http://[::1]:1")->is_loopback());
  CHECK_FALSE(ServerUrl::parse("http://example.org")->is_loopback());
  CHECK_FALSE(ServerUrl::parse("http://127.example.org")->is_loopback());
}

TEST_CASE("each part of a route is percent-encoded") {
  CHECK(path_of({"actions", "a-b_c.d"}) == "/actions/a-b_c.d");
  CHECK(path_of({"actions", "a/b", "block"}) == "/actions/a%2Fb/block");
  CHECK(path_of({"actions", "%2F"}) == "/actions/%252F");
  CHECK(path_of({"actions", ".."}) == "/actions/..");
  CHECK(path_of({"x", "é?#&+ \r\n"}) == "/x/%C3%A9%3F%23%26%2B%20%0D%0A");
}
