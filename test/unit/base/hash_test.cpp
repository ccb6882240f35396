#include "base/hash.h"

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("the hash of a text is the one sha256sum prints") {
  CHECK(sha256("").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("parts are hashed with their borders") {
  CHECK(sha256_of_parts({"ab", "c"}) != sha256_of_parts({"a", "bc"}));
  CHECK(sha256_of_parts({"a", ""}) != sha256_of_parts({"a"}));
  CHECK(sha256_of_parts({"a", "b"}) == sha256_of_parts({"a", "b"}));
}

TEST_CASE("base64 goes there and back, and only base64 comes back") {
  for (const std::string_view bytes :
       {std::string_view(""), std::string_view("f"), std::string_view("fo"),
        std::string_view("foo"), std::string_view("\0\xff\x80", 3)}) {
    CHECK(base64_decode(base64_encode(bytes)) == std::string(bytes));
  }
  CHECK(base64_encode("fo") == "Zm8=");
  for (const char* text : {"Zm8", "Zm8==", "Zm 8=", "Zm8=\n", "Zm8-", "=", "Z"}) {
    INFO(text);
    CHECK_FALSE(base64_decode(text));
  }
}
