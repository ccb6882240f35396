// The machines' clocks are an hour apart.
#include <filesystem>

#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

// What makes a program believe that it is another time: libfaketime, of Debian's package faketime.
Environment at_another_time(const std::string& offset) {
  const std::string library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
  if (!std::filesystem::exists(library))
    FAIL("there is no " << library << ": install the package faketime");
  return {"LD_PRELOAD=" + library, "FAKETIME=" + offset, "FAKETIME_DONT_FAKE_MONOTONIC=1",
          "FAKETIME_NO_CACHE=1", "ASAN_OPTIONS=verify_asan_link_order=0"};
}

TEST_CASE("fleet: APIs and runners whose clocks are an hour apart work together") {
  Fleet fleet(Fleet::kNothing, Fleet::kLongLease);
  HttpProgram& early = fleet.start_api({}, at_another_time("-1h"));
  HttpProgram& late = fleet.start_api({}, at_another_time("+1h"));
  create_actions(early.url());
  Accepted accepted;
  SECTION("a runner that is behind") {
    fleet.start_runner({}, at_another_time("-1h"));
  }
  SECTION("a runner that is ahead") {
    fleet.start_runner({}, at_another_time("+1h"));
  }
  SECTION("both, and a long job is not taken from the one by the other") {
    fleet.start_runner({}, at_another_time("-1h"));
    fleet.start_runner({}, at_another_time("+1h"));
    Http http(early.url());
    const std::string id = accepted.submit_one(http, "spin", payload(21, 2'500), "42");
    accepted.check_all(fleet);
    CHECK(fleet.find(id)->progress.deliveries == 1);
  }
  accepted.submit({early.url(), late.url()}, 60);
  accepted.check_all(fleet);
  CHECK(Http(early.url()).block("double", R"({"n":3})").body == "6");
  CHECK(Http(late.url()).block("double", R"({"n":4})").body == "8");
}

}  // namespace
}  // namespace sluice::test
