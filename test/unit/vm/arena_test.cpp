#include "sandbox/vm/arena.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <vector>

namespace sluice::sandbox {
namespace {

// Blocks filled with a byte of their own, so that overlap shows.
struct Block {
  unsigned char* bytes;
  size_t size;
  unsigned char mark;
};

void* grow(Arena& arena, void* block, size_t old_size, size_t new_size) {
  return arena.reallocate(block, old_size, new_size);
}

bool intact(const Block& block, size_t size) {
  return std::all_of(block.bytes, block.bytes + size,
                     [&](unsigned char byte) { return byte == block.mark; });
}

}  // namespace

TEST_CASE("An arena gives blocks of every size that never overlap, and counts what was asked for") {
  Arena arena;
  REQUIRE(arena.reserve(64 << 20));
  std::mt19937 random(GENERATE(1, 2, 3));
  std::vector<Block> blocks;
  uint64_t expected = 0;
  bool all_intact = true;
  bool all_counted = true;
  bool all_aligned = true;
  const auto any_size = [&]() -> size_t {
    switch (random() % 8) {
      case 0:
        return 1 + random() % 60'000;
      case 1:
        return 1 + random() % 4'000;
      default:
        return 1 + random() % 600;
    }
  };
  for (int step = 0; step < 60'000; ++step) {
    const bool shrinking = (step / 10'000) % 2 == 1;
    const unsigned what = random() % 10;
    if (blocks.empty() || what < (shrinking ? 3u : 5u)) {
      const size_t size = any_size();
      auto* bytes = static_cast<unsigned char*>(grow(arena, nullptr, 0, size));
      REQUIRE(bytes != nullptr);
      all_aligned = all_aligned && reinterpret_cast<uintptr_t>(bytes) % 8 == 0;
      const auto mark = static_cast<unsigned char>(random());
      std::memset(bytes, mark, size);
      blocks.push_back({bytes, size, mark});
      expected += size;
    } else {
      const size_t at = random() % blocks.size();
      Block& block = blocks[at];
      if (what < 7) {
        const size_t size = any_size();
        auto* bytes = static_cast<unsigned char*>(grow(arena, block.bytes, block.size, size));
        REQUIRE(bytes != nullptr);
        expected = expected - block.size + size;
        block.bytes = bytes;
        all_intact = all_intact && intact(block, std::min(size, block.size));
        std::memset(bytes, block.mark, size);
        block.size = size;
      } else {
        all_intact = all_intact && intact(block, block.size);
        grow(arena, block.bytes, block.size, 0);
        expected -= block.size;
        blocks[at] = blocks.back();
        blocks.pop_back();
      }
    }
    all_counted = all_counted && arena.used() == expected;
    if (step % 7'919 == 0) arena.compact();
  }
  CHECK(all_intact);
  CHECK(all_counted);
  CHECK(all_aligned);
  CHECK(std::all_of(blocks.begin(), blocks.end(), [](auto& b) { return intact(b, b.size); }));

  for (const Block& block : blocks) grow(arena, block.bytes, block.size, 0);
  arena.compact();
  CHECK(arena.used() == 0);
  Arena empty;
  REQUIRE(empty.reserve(64 << 20));
  CHECK(arena.extent() == empty.extent());  // everything was merged back into the unused end
}

TEST_CASE("An arena refuses what would exceed its limit, to the byte, and lets blocks shrink") {
  Arena arena;
  REQUIRE(arena.reserve(1 << 20));
  arena.set_limit(1000);
  void* block = arena.reallocate(nullptr, 0, 600);
  REQUIRE(block != nullptr);
  CHECK(arena.reallocate(nullptr, 0, 401) == nullptr);
  CHECK(arena.refused());
  CHECK(arena.used() == 600);
  void* rest = arena.reallocate(nullptr, 0, 400);
  REQUIRE(rest != nullptr);
  CHECK(arena.peak() == 1000);
  CHECK(arena.reallocate(rest, 400, 401) == nullptr);
  CHECK(arena.reallocate(rest, 400, 10) == rest);
  CHECK(arena.used() == 610);
  CHECK(arena.peak() == 1000);
  arena.set_limit(100);  // below what is used
  CHECK_FALSE(arena.refused());
  CHECK(arena.peak() == 610);
  CHECK(arena.reallocate(block, 600, 500) == block);
  CHECK(arena.reallocate(nullptr, 0, 1) == nullptr);
}

TEST_CASE("An arena refuses what its address space cannot hold, whatever the size") {
  Arena arena;
  REQUIRE(arena.reserve(1 << 20));
  for (const size_t size : {size_t{2} << 20, size_t{1} << 33, size_t{1} << 40, SIZE_MAX / 2}) {
    CHECK(arena.reallocate(nullptr, 0, size) == nullptr);
    CHECK(arena.refused());
  }
  CHECK(arena.used() == 0);
  CHECK(arena.reallocate(nullptr, 0, 1000) != nullptr);
}

TEST_CASE("Small blocks that were freed can serve large ones later") {
  Arena arena;
  REQUIRE(arena.reserve(4 << 20));
  // Two thirds of the space in small blocks, freed, then one large block that only fits in their
  // place.
  for (const size_t small : {16, 40, 100, 500}) {
    std::vector<void*> blocks;
    for (size_t total = 0; total < (2 << 20); total += small)
      blocks.push_back(arena.reallocate(nullptr, 0, small));
    for (void* block : blocks) arena.reallocate(block, small, 0);
    void* large = arena.reallocate(nullptr, 0, 3 << 20);
    REQUIRE(large != nullptr);
    arena.reallocate(large, 3 << 20, 0);
  }
}

TEST_CASE("The last block of an arena grows in place") {
  Arena arena;
  REQUIRE(arena.reserve(1 << 20));
  void* block = arena.reallocate(nullptr, 0, 1000);
  CHECK(arena.reallocate(block, 1000, 100'000) == block);
}

TEST_CASE("Copying an arena's bytes back brings back its blocks and its free lists") {
  Arena arena;
  REQUIRE(arena.reserve(8 << 20));
  std::vector<void*> blocks;
  for (size_t size = 1; size < 2000; size += 7) {
    blocks.push_back(arena.reallocate(nullptr, 0, size));
    std::memset(blocks.back(), 7, size);
  }
  for (size_t at = 0; at < blocks.size(); at += 3) arena.reallocate(blocks[at], 1 + at * 7, 0);
  const uint64_t used = arena.used();
  const std::vector<char> copy(arena.data(), arena.data() + arena.extent());

  std::vector<void*> first;
  for (int round = 0; round < 3; ++round) {
    std::vector<void*> places;
    for (size_t size = 1; size < 30'000; size += 97)
      places.push_back(arena.reallocate(nullptr, 0, size));
    if (round == 0) first = places;
    CHECK(places == first);
    arena.restore(copy.data(), copy.size());
    CHECK(arena.used() == used);
    CHECK(std::equal(copy.begin(), copy.end(), arena.data()));
  }

  arena.discard(copy.size());
  arena.restore(copy.data(), copy.size());
  CHECK(arena.reallocate(nullptr, 0, 5'000'000) != nullptr);
}

}  // namespace sluice::sandbox
