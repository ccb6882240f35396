#include "base/config/value.h"

#include <catch2/catch.hpp>
#include <optional>
#include <set>

#include "base/config/nearest.h"
#include "base/config/schema.h"

using namespace sluice;
using namespace sluice::config;

namespace {

std::optional<int64_t> quantity(Kind kind, const std::string& text) {
  const auto value = fit({.kind = kind, .min = 0, .max = INT64_MAX}, text);
  if (!value.ok()) return std::nullopt;
  return std::get<int64_t>(*value);
}

}  // namespace

TEST_CASE("quantities may have units") {
  CHECK(quantity(Kind::kMillis, "1500") == 1500);
  CHECK(quantity(Kind::kMillis, "1500ms") == 1500);
  CHECK(quantity(Kind::kMillis, "2s") == 2000);
  CHECK(quantity(Kind::kMillis, "5m") == 300'000);
  CHECK(quantity(Kind::kMillis, "7d") == 604'800'000);
  CHECK(quantity(Kind::kBytes, "64K") == 65536);
  CHECK(quantity(Kind::kBytes, "1M") == 1 << 20);
  CHECK(quantity(Kind::kKilobytes, "64M") == 65536);
  CHECK(quantity(Kind::kKilobytes, "100000") == 100'000);
  for (const char* wrong : {"", "s", "2 s", "2x", "2.5s", "-1", "9999999999999999999",
                            "9223372036854775807d", "1e3", "+1"}) {
    INFO(wrong);
    CHECK_FALSE(quantity(Kind::kMillis, wrong));
  }
}

TEST_CASE("what is shown can be read again") {
  for (const Setting& setting : schema()) {
    INFO(setting.name);
    const Value value = setting.read(Settings());
    if (value == Value("")) continue;
    const auto again = fit(setting.shape, Value(show(setting.shape, value)));
    REQUIRE(again.ok());
    CHECK(*again == value);
  }
}

TEST_CASE("every setting has a name, a help and an environment variable of its own") {
  std::set<std::string_view> names, variables, flags;
  for (const Setting& setting : schema()) {
    INFO(setting.name);
    CHECK(names.insert(setting.name).second);
    CHECK(variables.insert(setting.environment).second);
    CHECK(setting.environment.substr(0, 7) == "SLUICE_");
    CHECK_FALSE(setting.help.empty());
    if (!setting.flag.empty()) CHECK(flags.insert(setting.flag).second);
    CHECK(setting.block.empty() == setting.key.empty());
    Settings settings;
    setting.write(settings, setting.read(settings));
    CHECK(setting.read(settings) == setting.read(Settings()));
  }
}

TEST_CASE("addresses have a host and a port") {
  const Shape address{.kind = Kind::kAddress};
  for (const char* good : {"127.0.0.1:8080", "localhost:0", "[::1]:65535", "0.0.0.0:80"})
    CHECK(fit(address, Value(good)).ok());
  for (const char* bad : {"", ":80", "localhost", "localhost:", "::1:80", "[]:80", "a:b", "a:65536",
                          "a:-1", "a b:1", "a:1x"}) {
    INFO(bad);
    CHECK_FALSE(fit(address, Value(bad)).ok());
  }
}

TEST_CASE("the nearest name is found, a far one is not") {
  const std::string_view known[] = {"listen", "timeout", "max_timeout"};
  CHECK(nearest("lisen", known) == "listen");
  CHECK(nearest("LISTEN", known) == "listen");
  CHECK(nearest("timeuot", known) == "timeout");
  CHECK(nearest("color", known).empty());
  CHECK(nearest(std::string(10'000, 'x'), known).empty());
}
