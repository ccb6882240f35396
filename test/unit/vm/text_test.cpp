#include "sandbox/vm/text.h"
#include "base/utf8.h"

#include <catch2/catch.hpp>
#include <string>

namespace sluice::sandbox {

TEST_CASE("A UTF-8 sequence is recognized when it is valid, and only then") {
  struct Case {
    std::string bytes;
    size_t length;
  };
  const auto [bytes, length] = GENERATE(values<Case>({
      {"a", 1},
      {"\x7f", 1},
      {"\x80", 0},
      {"\xc0\x80", 0},
      {"\xc1\xbf", 0},
      {"\xc2\x80", 2},
      {"\xdf", 0},
      {"\xe0\x9f\xbf", 0},
      {"\xe0\xa0\x80", 3},
      {"\xed\x9f\xbf", 3},
      {"\xed\xa0\x80", 0},
      {"\xef\xbf", 0},
      {"\xf0\x8f\xbf\xbf", 0},
      {"\xf0\x90\x80\x80", 4},
      {"\xf4\x8f\xbf\xbf", 4},
      {"\xf4\x90\x80\x80", 0},
      {"\xf5\x80\x80\x80", 0},
      {"\xff", 0},
  }));
  CHECK(utf8_sequence(bytes.data(), bytes.data() + bytes.size()) == length);
  CHECK(sluice::is_utf8(bytes) == (length == bytes.size()));
}

TEST_CASE("A bounded text is cut on a character's border, and says so") {
  const std::string mark = "… (cut)";
  for (size_t capacity = 40; capacity < 44; ++capacity) {
    BoundedText text(capacity);
    for (int i = 0; i < 100; ++i) text.append("ab€");
    CHECK(text.view().size() <= capacity);
    CHECK(sluice::is_utf8(text.view()));
    CHECK(text.view().substr(text.view().size() - mark.size()) == mark);
    text.append("more");
    CHECK(text.view().substr(text.view().size() - mark.size()) == mark);
    text.clear();
    text.append("short");
    text.append_number(-12);
    CHECK(text.view() == "short-12");
  }
}

TEST_CASE("Bytes that are not UTF-8 are replaced, one by one") {
  BoundedText text(100);
  text.append(
      "a\xff\xfe"
      "b\xe2\x82");
  CHECK(text.view() ==
        "a\xEF\xBF\xBD\xEF\xBF\xBD"
        "b\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace sluice::sandbox
