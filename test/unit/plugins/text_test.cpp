// What foreign texts look like in messages.
#include "plugins/host/text.h"

#include <catch2/catch.hpp>

#include <vector>

#include "base/utf8.h"

namespace sluice::plugins {
namespace {

TEST_CASE("a text becomes one line of valid UTF-8") {
  CHECK(one_line("", 10) == "");
  CHECK(one_line("grün", 10) == "grün");
  CHECK(one_line("a\nb\tc\x01"
                 "d\x7f",
                 20) == "a b c d ");
  CHECK(one_line("a\xff\xfe"
                 "b",
                 20) == "a\uFFFD\uFFFDb");
  CHECK(one_line("\xf0\x9f\x98\x80!", 20) == "\xf0\x9f\x98\x80!");
  CHECK(one_line("half \xf0\x9f\x98", 40) == "half \uFFFD\uFFFD\uFFFD");
  CHECK(one_line(std::string_view("\0x", 2), 20) == " x");
}

TEST_CASE("a text that is too long is cut between two characters") {
  CHECK(one_line("12345678", 8) == "12345678");
  CHECK(one_line("123456789", 8) == "12345…");
  CHECK(one_line("1234üüü", 8) == "1234…");
  for (size_t most = 3; most < 40; ++most) {
    const std::string cut = one_line(
        "ab\xff\xf0\x9f\x98\x80üaäöß\xf0\x9f\x98\x80"
        "bcdef",
        most);
    INFO(most);
    CHECK(cut.size() <= most);
    CHECK(is_utf8(cut));
  }
}

TEST_CASE("a name is printable and not too long") {
  CHECK(is_name("insert", 64));
  CHECK(is_name("größe", 64));
  CHECK_FALSE(is_name("", 64));
  CHECK_FALSE(is_name("a\nb", 64));
  CHECK_FALSE(is_name("\xff", 64));
  CHECK_FALSE(is_name(std::string(65, 'a'), 64));
}

TEST_CASE("names are enumerated up to a bound") {
  const std::vector<std::string> names = {"a", "b", "c"};
  CHECK(enumerate({}, 2) == "");
  CHECK(enumerate(names, 3) == "a, b, c");
  CHECK(enumerate(names, 2) == "a, b, …");
}

}  // namespace
}  // namespace sluice::plugins
