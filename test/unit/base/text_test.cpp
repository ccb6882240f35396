// How times and errors read.
#include <catch2/catch.hpp>

#include "base/result.h"
#include "base/time_format.h"

using namespace sluice;

TEST_CASE("times read as RFC 3339, in UTC with milliseconds") {
  CHECK(to_rfc3339(WallTime(Millis(0))) == "1970-01-01T00:00:00.000Z");
  CHECK(to_rfc3339(WallTime(Millis(1'700'000'000'007))) == "2023-11-14T22:13:20.007Z");
  CHECK(to_rfc3339(WallTime(Millis(-1))) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("an error reads with its operation, where it has one") {
  CHECK(Error{Code::kFull, "queue.push", "the queue is full"}.text() ==
        "queue.push: the queue is full");
  CHECK(Error{Code::kFull, "", "the queue is full"}.text() == "the queue is full");
}

TEST_CASE("a result is a value or an error") {
  Result<int> value = 3;
  REQUIRE(value.ok());
  CHECK(*value == 3);
  Result<int> error = Error{Code::kNotFound, "find", "no"};
  REQUIRE_FALSE(error.ok());
  CHECK(error.error().code == Code::kNotFound);
  CHECK(Status().ok());
  CHECK_FALSE(Status(Error{}).ok());
}
