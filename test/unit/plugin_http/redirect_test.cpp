#include "plugins/http/redirect.h"

#include <catch2/catch.hpp>

#include "sluice/plugin.hpp"

namespace sluice::http {
namespace {

using Catch::Matchers::Contains;

const Settings& settings() {
  static const Settings settings =
      parse_settings(R"({"hosts":["a.com","b.com","a.com:8080"]})", 1 << 20);
  return settings;
}

Request request(const std::string& method, const std::string& url = "https://a.com/x") {
  Request request = parse_request(
      R"({"url":")" + url + R"(","method":")" + method +
          R"(","headers":{"Authorization":"key","X-Api-Key":"key","Cookie":"key","Accept":"text/plain"}})",
      settings(), {});
  if (method != "GET" && method != "HEAD") {
    request.body = "body";
    request.headers.push_back({"Content-Type", "text/x"});
    request.headers.push_back({"Content-MD5", "x"});
  }
  return request;
}

std::string why(const std::string& url, const std::string& location) {
  try {
    Request one = request("GET", url);
    redirect(one, 302, location, settings());
    return "";
  } catch (const plugin::Failure& failure) {
    return failure.what();
  }
}

TEST_CASE("the method of a redirected request is that of RFC 9110") {
  struct Row {
    long status;
    const char *before, *after;
  };
  const Row rows[] = {{301, "POST", "GET"},      {302, "POST", "GET"},  {303, "POST", "GET"},
                      {307, "POST", "POST"},     {308, "POST", "POST"}, {301, "PUT", "PUT"},
                      {302, "DELETE", "DELETE"}, {303, "PUT", "GET"},   {303, "HEAD", "HEAD"},
                      {301, "HEAD", "HEAD"},     {302, "GET", "GET"},   {308, "PATCH", "PATCH"}};
  for (const Row& row : rows) {
    INFO(row.status << " " << row.before);
    Request one = request(row.before);
    const bool had_body = one.body.has_value();
    redirect(one, row.status, "/y", settings());
    CHECK(one.method == row.after);
    CHECK(one.url.text() == "https://a.com/y");
    const bool rewritten = row.before != std::string(row.after);
    CHECK(one.body.has_value() == (had_body && !rewritten));
    CHECK(one.has_header("content-type") == (had_body && !rewritten));
    CHECK(one.has_header("content-md5") == (had_body && !rewritten));
    CHECK(one.has_header("authorization"));
  }
  for (const long status : {200, 300, 304, 305, 306, 309, 399}) CHECK_FALSE(is_redirect(status));
}

TEST_CASE("what may be a credential does not go to another host, scheme or port") {
  for (const char* location : {"https://b.com/", "//b.com/y", "https://a.com:8080/"}) {
    INFO(location);
    Request one = request("POST");
    redirect(one, 307, location, settings());
    CHECK_FALSE(one.has_header("authorization"));
    CHECK_FALSE(one.has_header("cookie"));
    CHECK_FALSE(one.has_header("x-api-key"));
    CHECK(one.has_header("accept"));
    CHECK(one.has_header("content-type"));
    CHECK(one.body == "body");
  }
  Request upgraded = request("GET", "http://a.com/");
  redirect(upgraded, 301, "https://a.com/", settings());
  CHECK_FALSE(upgraded.has_header("authorization"));
}

TEST_CASE("a redirect is judged like a request of its own") {
  CHECK_THAT(why("https://a.com/", "http://a.com/"), Contains("it leads from https to http"));
  CHECK_THAT(why("https://a.com/", "https://evil.com/"), Contains("does not list evil.com:443"));
  CHECK_THAT(why("http://a.com/", "http://127.0.0.1/"), Contains("127.0.0.1 is of this machine"));
  CHECK_THAT(why("http://a.com/", "http://0x7f.1/"), Contains("127.0.0.1 is of this machine"));
  CHECK_THAT(why("http://a.com/", "http://[::ffff:10.0.0.1]/"), Contains("10.0.0.1 is private"));
  CHECK_THAT(why("http://a.com/", "http://169.254.169.254/latest"), Contains("metadata"));
  CHECK_THAT(why("http://a.com/", "file:///etc/passwd"), Contains("must begin with http://"));
  CHECK_THAT(why("http://a.com/", "http://user:pw@a.com/"), Contains("user or password"));
  CHECK_THAT(why("http://a.com/", "/a b"), Contains("the redirect by 'a.com' is not followed"));
  CHECK(why("http://a.com/", "http://b.com/").empty());
}

}  // namespace
}  // namespace sluice::http
