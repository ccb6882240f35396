#include <catch2/catch.hpp>
#include <sstream>

#include "cli/payload.h"
#include "cli/quantity.h"
#include "world_for_test.h"

using namespace sluice;
using namespace sluice::cli;
using namespace sluice::cli::test;
using Catch::Matchers::Contains;

namespace {

int64_t kb(const char* text) {
  const auto size = parse_size_kb(text);
  return size.ok() ? *size : -1;
}

int64_t ms(const char* text) {
  const auto time = parse_duration(text);
  return time.ok() ? time->count() : -1;
}

struct PayloadCase {
  std::optional<std::string> argument;
  std::string input = {};

  std::string text() const {
    std::istringstream in(input);
    const Result<std::string> payload = read_payload(argument, in);
    return payload.ok() ? *payload : "error: " + payload.error().message;
  }
};

}  // namespace

TEST_CASE("memory is a number of KB, or has a unit of 1024") {
  CHECK(kb("0") == 0);
  CHECK(kb("65536") == 65536);
  CHECK(kb("512K") == 512);
  CHECK(kb("512kb") == 512);
  CHECK(kb("64M") == 65536);
  CHECK(kb("64MB") == 65536);
  CHECK(kb("64MiB") == 65536);
  CHECK(kb("1G") == 1048576);
}

TEST_CASE("what is no memory size is refused") {
  for (const char* text : {"", "M", "-1", "+1", "1.5G", "64X", "64 M", "1T", "0x10", "1e3", " 1",
                           "9223372036854775808", "9223372036854775807G", "99999999999999999999"}) {
    INFO(text);
    CHECK(kb(text) == -1);
  }
  CHECK_THAT(parse_size_kb("64X").error().message, Contains("'64X'") && Contains("64M"));
}

TEST_CASE("a duration is a number of milliseconds, or has a unit") {
  CHECK(ms("0") == 0);
  CHECK(ms("1500") == 1500);
  CHECK(ms("500ms") == 500);
  CHECK(ms("2s") == 2000);
  CHECK(ms("2S") == 2000);
  CHECK(ms("1m") == 60000);
  CHECK(ms("1h") == 3600000);
}

TEST_CASE("what is no duration is refused") {
  for (const char* text : {"", "s", "-1s", "1.5s", "2 s", "2sec", "9223372036854775807h", "1d"}) {
    INFO(text);
    CHECK(ms(text) == -1);
  }
}

TEST_CASE("without an argument the payload is an empty object") {
  CHECK(PayloadCase{std::nullopt}.text() == "{}");
}

TEST_CASE("a payload is the JSON itself, a file, or standard input") {
  const TemporaryFolder folder;
  CHECK(PayloadCase{R"({"a":1})"}.text() == R"({"a":1})");
  CHECK(PayloadCase{"[1]"}.text() == "[1]");
  CHECK(PayloadCase{"12"}.text() == "12");
  CHECK(PayloadCase{"\"x\""}.text() == "\"x\"");
  CHECK(PayloadCase{folder.file("p.json", " {\"b\": 2}\n")}.text() == " {\"b\": 2}\n");
  CHECK(PayloadCase{"-", "[3]"}.text() == "[3]");
}

TEST_CASE("an empty file is no arguments") {
  const TemporaryFolder folder;
  CHECK(PayloadCase{folder.file("p.json", "")}.text() == "{}");
  CHECK(PayloadCase{"-", " \n"}.text() == "{}");
}

TEST_CASE("a payload that is neither a file nor JSON is said to be so") {
  const TemporaryFolder folder;
  CHECK_THAT(PayloadCase{folder.path("nope.json")}.text(),
             Contains("nope.json: No such file or directory"));
  CHECK_THAT(PayloadCase{""}.text(), Contains("error: "));
  CHECK_THAT(PayloadCase{folder.path()}.text(), Contains("it is a folder"));
  CHECK_THAT(PayloadCase{"{\"a\": 1,\n  b}"}.text(),
             Contains("the payload is not JSON") && Contains("line 2, column 3"));
  CHECK_THAT((PayloadCase{"-", "{"}.text()), Contains("standard input is not JSON"));
  CHECK_THAT(PayloadCase{folder.file("p.json", "hello")}.text(),
             Contains("p.json is not JSON") && Contains("line 1, column 1"));
}
