#include "store/mongo/connect.h"

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("What is wrong with a URL is said without its password") {
  const std::string url = GENERATE(
      "mongodb://ann:hun:ter2@host", "mongodb://ann:hun/ter2@host", "mongodb://ann:hunter2%@host",
      "mongodb://ann:hunter2%zz@host/x", "mongodb://hunter2@:host");
  INFO(url);
  Metrics metrics;
  const auto made = mongo::Connector::make(url, metrics);
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().message.find("hun") == std::string::npos);
  CHECK(made.error().message.find("mongodb://host:27017/sluice") != std::string::npos);
}
