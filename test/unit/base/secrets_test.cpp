// What people and logs see of texts that hold secrets.
#include "base/secrets.h"

#include <catch2/catch.hpp>

using sluice::hide_secrets;
using sluice::without_secrets;

TEST_CASE("passwords in URLs and API tokens are left out") {
  CHECK(without_secrets("mongodb://me:s3cret@a,b/jobs?w=1") == "mongodb://me:***@a,b/jobs?w=1");
  CHECK(without_secrets("redis://:s3cret@cache:6379/1") == "redis://:***@cache:6379/1");
  CHECK(without_secrets("Cannot reach 'redis://:a@b@c/d' and mongodb://u:p@h.") ==
        "Cannot reach 'redis://:***@c/d' and mongodb://u:***@h.");
  CHECK(without_secrets("unexpected argument 'slu_0123abcd'") == "unexpected argument 'slu_***'");
  CHECK(without_secrets("redis://:slu_1@h") == "redis://:***@h");
}

TEST_CASE("a password that was not encoded is left out as a whole") {
  CHECK(without_secrets("redis://:a/b?c#d@h:1/0") == "redis://:***@h:1/0");
}

TEST_CASE("what holds no secret stays as it is") {
  for (const char* text : {"", "://", "@", "slu_", "http://h:80/a:b", "mail me@example.com",
                           "mongodb://me@host:1/x", "http://a:1 and b@c", "a:b@c"})
    CHECK(without_secrets(text) == text);
}

TEST_CASE("secrets can be hidden where they lie") {
  char words[] = "--mongo=mongodb://u:secret@h";
  hide_secrets(words);
  CHECK(std::string(words) == "--mongo=mongodb://u:******@h");
}
