#include "sandbox/wire/control_page.h"

#include <catch2/catch.hpp>
#include <memory>
#include <thread>

using namespace sluice::sandbox::wire;

TEST_CASE("An offer is taken or revoked, never both") {
  auto page = std::make_unique<ControlPage>();
  page->offer(3, 10);
  CHECK(page->take(3, 10));
  CHECK_FALSE(page->revoke(3, 10));
  page->offer(3, 11);
  CHECK(page->revoke(3, 11));
  CHECK_FALSE(page->take(3, 11));
}

TEST_CASE("A word left over from an earlier offer is not mistaken") {
  auto page = std::make_unique<ControlPage>();
  page->offer(0, 1);
  REQUIRE(page->revoke(0, 1));
  page->offer(0, 2);
  CHECK_FALSE(page->take(0, 1));
  CHECK(page->take(0, 2));
}

TEST_CASE("Two sides that race for offers get each exactly once") {
  auto page = std::make_unique<ControlPage>();
  constexpr uint64_t kRounds = 200 * kSlots;
  uint64_t taken = 0;
  uint64_t revoked = 0;
  for (uint64_t sequence = 1; sequence <= kRounds; sequence += kSlots) {
    for (uint16_t slot = 0; slot < kSlots; ++slot) page->offer(slot, sequence + slot);
    std::thread worker([&] {
      for (uint16_t slot = 0; slot < kSlots; ++slot) taken += page->take(slot, sequence + slot);
    });
    for (uint16_t slot = kSlots; slot-- > 0;) revoked += page->revoke(slot, sequence + slot);
    worker.join();
  }
  CHECK(taken + revoked == kRounds);
}

TEST_CASE("The name of what runs is never that of nothing") {
  CHECK(ControlPage::offer_name(0, 1) != 0);
  CHECK(ControlPage::offer_name(1, 1) != ControlPage::offer_name(0, 1));
  CHECK(ControlPage::offer_name(0, 2) != ControlPage::offer_name(0, 1));
}
