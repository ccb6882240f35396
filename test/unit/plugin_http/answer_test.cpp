#include "plugins/http/answer.h"

#include <catch2/catch.hpp>

namespace sluice::http {
namespace {

using Catch::Matchers::Contains;

bool feed(Answer& answer, const std::vector<std::string>& lines, bool has_body = true) {
  for (const std::string& line : lines)
    if (!answer.add_line(line, has_body)) return false;
  return true;
}

TEST_CASE("an answer becomes JSON: lower-case names, repeated ones joined, cookies apart") {
  Answer answer(1000, 100);
  REQUIRE(feed(answer, {"HTTP/1.1 200 OK\r\n", "X-B: 1\r\n", "x-b:2 \r\n", "Set-Cookie: a=1, x\r\n",
                        "Set-Cookie: b=2\r\n", "Empty:\r\n", "\r\n"}));
  REQUIRE(answer.add_body("h\"i"));
  CHECK(answer.json("http://x/") ==
        R"({"status":200,"headers":{"empty":"","set-cookie":["a=1, x","b=2"],"x-b":"1, 2"},)"
        R"("body":"h\"i","url":"http://x/"})");
}

TEST_CASE("one cookie is an array too") {
  Answer answer(1000, 100);
  feed(answer, {"HTTP/1.1 204 No\r\n", "Set-Cookie: a=1\r\n", "\r\n"});
  CHECK_THAT(answer.json("u"), Contains(R"("set-cookie":["a=1"])"));
}

TEST_CASE("a body that is no UTF-8 comes as base64") {
  Answer answer(1000, 100);
  feed(answer, {"HTTP/1.1 200 OK\r\n", "\r\n"});
  answer.add_body("\xff\xfe");
  answer.add_body(std::string("\0x", 2));
  CHECK_THAT(answer.json("u"), Contains(R"("body_base64":"//4AeA==")") && !Contains(R"("body":)"));
  CHECK(base64("") == "");
  CHECK(base64("a") == "YQ==");
  CHECK(base64("ab") == "YWI=");
  CHECK(base64("abc") == "YWJj");
  CHECK(base64("\xfb\xff") == "+/8=");
}

TEST_CASE("only the last head counts, and trailers do not") {
  Answer answer(1000, 100);
  REQUIRE(feed(answer, {"HTTP/1.1 103 Early\r\n", "Link: x\r\n", "\r\n", "HTTP/1.1 200 OK\r\n",
                        "A: 1\r\n", "\r\n", "A: 2\r\n", "B: 3\r\n", "\r\n"}));
  CHECK(answer.status() == 200);
  CHECK_THAT(answer.json("u"), Contains(R"("headers":{"a":"1"})"));
}

TEST_CASE("lines that are no headers are left out, folded ones go on") {
  Answer answer(1000, 100);
  REQUIRE(feed(answer,
               {"HTTP/1.1 200 OK\r\n", " folded into nothing\r\n", "no colon\r\n", "b\xff: 1\r\n",
                "b\xfe: 1\r\n", "sp ace: 1\r\n", ": 1\r\n", "A: 1\r\n", "\t2\r\n", "\r\n"}));
  CHECK_THAT(answer.json("u"), Contains(R"("headers":{"a":"1 2"})"));
}

TEST_CASE("header values that are no UTF-8 are made it") {
  Answer answer(1000, 100);
  feed(answer, {"HTTP/1.1 200 OK\r\n", "A: \xff\r\n", "\r\n"});
  CHECK_THAT(answer.json("u"), Contains("\"a\":\"\xef\xbf\xbd\""));
}

TEST_CASE("heads are bounded, all of them together") {
  Answer answer(100, 100);
  const std::vector<std::string> early = {"HTTP/1.1 103 Early\r\n", "\r\n"};
  int heads = 0;
  while (feed(answer, early)) ++heads;
  CHECK(heads == 4);
  CHECK_THAT(answer.problem(), Contains("max_header_bytes"));
}

TEST_CASE("a body is bounded before and while it arrives") {
  const auto head = [](const std::string& length, const std::string& status = "200",
                       bool has_body = true) {
    Answer answer(1000, 10);
    return feed(answer,
                {"HTTP/1.1 " + status + " X\r\n", "Content-Length: " + length + "\r\n", "\r\n"},
                has_body);
  };
  CHECK(head("10"));
  CHECK_FALSE(head("11"));
  CHECK_FALSE(head("99999999999999999999999"));
  CHECK_FALSE(head("x"));
  CHECK(head("11", "304"));
  CHECK(head("11", "200", false));  // HEAD

  Answer answer(1000, 10);
  feed(answer, {"HTTP/1.1 200 OK\r\n", "\r\n"});
  CHECK(answer.add_body("12345"));
  CHECK(answer.add_body("67890"));
  CHECK_FALSE(answer.add_body("x"));
  CHECK_THAT(answer.problem(), Contains("more than 10 bytes"));
}

TEST_CASE("an answer whose length is not one number is refused") {
  const auto problem_of = [](const std::vector<std::string>& values) {
    Answer answer(1000, 10);
    std::vector<std::string> lines = {"HTTP/1.1 200 OK\r\n"};
    for (const std::string& value : values) lines.push_back("Content-Length: " + value + "\r\n");
    lines.emplace_back("\r\n");
    return feed(answer, lines) ? "" : answer.problem();
  };
  for (const std::vector<std::string>& values :
       std::vector<std::vector<std::string>>{{"5", "3"},
                                             {"3", "5"},
                                             {"5, 3"},
                                             {"5", "5, 3"},
                                             {"5", ""},
                                             {"5,"},
                                             {","},
                                             {""},
                                             {"x"},
                                             {"+5"},
                                             {"-5"},
                                             {"0x5"},
                                             {"5x"},
                                             {"5 3"},
                                             {"5.0"},
                                             {"5", "99999999999999999999999"}}) {
    INFO(values.front() << " and " << values.back());
    CHECK_THAT(problem_of(values), Contains("Content-Length is not one number"));
  }
  CHECK(problem_of({"5", "5"}).empty());
  CHECK(problem_of({"5, 5", " 5 "}).empty());
  CHECK(problem_of({"05", "5"}).empty());
  CHECK_THAT(problem_of({"99999999999999999999999"}), Contains("at most 10 are taken"));
  CHECK_THAT(problem_of({"11", "11"}), Contains("has 11 bytes"));
}

}  // namespace
}  // namespace sluice::http
