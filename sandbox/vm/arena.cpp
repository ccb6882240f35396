#include "sandbox/vm/arena.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace sluice::sandbox {
namespace {

// Sizes and places are counted in units of 8 bytes, places from the arena's start; 0 is no place.
constexpr size_t kUnit = 8;
constexpr uint32_t kHeaderUnits = 1;
constexpr uint32_t kLeastUnits = 2;
constexpr uint32_t kQuickUnits = 64;        // the largest block with a quick list
constexpr uint32_t kManyQuickUnits = 4096;  // 32 KiB in quick lists may be worth merging
constexpr uint32_t kSecondLevel = 8;        // lists for each power of two
constexpr uint32_t kFirstLevel = 30;
constexpr size_t kLargeHole = 64 << 10;  // worth a system call to give its memory back
constexpr size_t kMostBytes = (size_t{1} << 31) * kUnit / 2;

uint32_t units_for(size_t size) {
  const uint32_t units = static_cast<uint32_t>((size + kUnit - 1) / kUnit) + kHeaderUnits;
  return std::max(units, kLeastUnits);
}

uint32_t log2_of(uint32_t value) {
  return 31u - static_cast<uint32_t>(__builtin_clz(value));
}

struct Bin {
  uint32_t first;
  uint32_t second;
};

Bin bin_of(uint32_t units) {
  if (units < kSecondLevel) return {0, units};
  const uint32_t log = log2_of(units);
  return {log - 2, (units >> (log - 3)) & (kSecondLevel - 1)};
}

}  // namespace

struct Arena::Block {
  uint32_t units : 31;    // with the header
  uint32_t listed : 1;    // in a two-level list: may be merged with
  uint32_t units_before;  // size of the block before; 0 for the first one
  // Of a free block only: places of its neighbours in its list.
  uint32_t next;
  uint32_t previous;

  void* payload() { return reinterpret_cast<char*>(this) + kUnit; }
  static Block* of(void* payload) {
    return reinterpret_cast<Block*>(static_cast<char*>(payload) - kUnit);
  }
};

struct Arena::State {
  uint64_t used;
  uint64_t peak;
  uint64_t limit;
  uint32_t refused;
  uint32_t top;         // the first unit that belongs to no block
  uint32_t last_units;  // size of the block before it
  uint32_t highest_top;
  uint32_t quick_units;  // in quick lists, together
  uint32_t first_map;
  uint8_t second_map[kFirstLevel];
  uint32_t quick[kQuickUnits + 1];
  uint32_t bins[kFirstLevel][kSecondLevel];
};

bool Arena::reserve(size_t bytes) {
  const size_t wanted = sizeof(State) + std::min(bytes, kMostBytes - sizeof(State));
  if (!pages_.map(wanted)) return false;
  end_ = static_cast<uint32_t>(pages_.size() / kUnit);
  reset();
  return true;
}

void Arena::reset() {
  State& s = state();
  std::memset(&s, 0, sizeof s);
  s.limit = std::numeric_limits<uint64_t>::max();
  s.top = s.highest_top = static_cast<uint32_t>((sizeof(State) + kUnit - 1) / kUnit);
}

Arena::State& Arena::state() const {
  return *reinterpret_cast<State*>(pages_.data());
}

Arena::Block* Arena::at(uint32_t offset) const {
  return reinterpret_cast<Block*>(pages_.data() + size_t{offset} * kUnit);
}

uint32_t Arena::offset_of(const Block* block) const {
  return static_cast<uint32_t>(
      static_cast<size_t>(reinterpret_cast<const char*>(block) - pages_.data()) / kUnit);
}

uint64_t Arena::used() const {
  return state().used;
}
uint64_t Arena::peak() const {
  return state().peak;
}
bool Arena::refused() const {
  return state().refused != 0;
}
void Arena::note_refusal() {
  state().refused = 1;
}
size_t Arena::extent() const {
  return size_t{state().top} * kUnit;
}

void Arena::set_limit(uint64_t bytes) {
  State& s = state();
  s.limit = bytes;
  s.peak = s.used;
  s.refused = 0;
}

void Arena::move_limit(uint64_t bytes) {
  state().limit = bytes;
}

void* Arena::reallocate(void* payload, size_t old_size, size_t new_size) {
  State& s = state();
  if (new_size > old_size) {
    const size_t more = new_size - old_size;
    if (s.used > s.limit || more > s.limit - s.used) {
      s.refused = 1;
      return nullptr;
    }
  }
  void* result = nullptr;
  if (payload == nullptr) {
    if (new_size == 0) return nullptr;
    result = allocate(new_size);
  } else if (new_size == 0) {
    release(Block::of(payload));
  } else {
    Block* block = Block::of(payload);
    const uint32_t units = new_size < kMostBytes ? units_for(new_size) : 0;
    if (units != 0 && units <= block->units) {
      split(block, units);
      result = payload;
    } else if (units != 0 && block->units > kQuickUnits && grow(block, units)) {
      result = payload;
    } else if ((result = allocate(new_size)) != nullptr) {
      std::memcpy(result, payload, std::min(old_size, new_size));
      release(block);
    }
  }
  if (result == nullptr && new_size != 0) {
    s.refused = 1;
    return nullptr;
  }
  s.used = s.used - old_size + new_size;
  if (s.used > s.peak) s.peak = s.used;
  return result;
}

void* Arena::allocate(size_t size) {
  if (size >= kMostBytes) return nullptr;
  const uint32_t units = units_for(size);
  State& s = state();
  if (units <= kQuickUnits && s.quick[units] != 0) {
    Block* block = at(s.quick[units]);
    s.quick[units] = block->next;
    s.quick_units -= units;
    return block->payload();
  }
  Block* block = take(units);
  return block == nullptr ? nullptr : block->payload();
}

Arena::Block* Arena::take(uint32_t units) {
  const State& s = state();
  if (Block* block = take_listed(units)) return block;
  const bool worth_merging = s.quick_units > kManyQuickUnits && s.quick_units > s.top / 4;
  if (!worth_merging) {
    if (Block* block = take_end(units)) return block;
    if (s.quick_units == 0) return nullptr;
  }
  merge_quick();
  if (Block* block = take_listed(units)) return block;
  return take_end(units);
}

Arena::Block* Arena::take_listed(uint32_t units) {
  State& s = state();
  if (s.first_map == 0) return nullptr;
  // Any block in the list found is large enough: so the search starts at the next list's lower
  // bound.
  const uint32_t rounded = units < kSecondLevel ? units : units + (1u << (log2_of(units) - 3)) - 1;
  Bin bin = bin_of(rounded);
  if (bin.first >= kFirstLevel) return nullptr;
  uint32_t seconds = s.second_map[bin.first] & (0xffu << bin.second);
  if (seconds == 0) {
    const uint32_t firsts = s.first_map & ~((2u << bin.first) - 1);
    if (firsts == 0) return nullptr;
    bin.first = static_cast<uint32_t>(__builtin_ctz(firsts));
    seconds = s.second_map[bin.first];
  }
  bin.second = static_cast<uint32_t>(__builtin_ctz(seconds));
  Block* block = at(s.bins[bin.first][bin.second]);
  unlist(block);
  split(block, units);
  return block;
}

Arena::Block* Arena::take_end(uint32_t units) {
  State& s = state();
  if (units > end_ - s.top) return nullptr;
  Block* block = at(s.top);
  block->units = units;
  block->listed = 0;
  block->units_before = s.last_units;
  s.top += units;
  s.last_units = units;
  if (s.top > s.highest_top) s.highest_top = s.top;
  return block;
}

void Arena::release(Block* block) {
  if (block->units > kQuickUnits) return merge(block);
  State& s = state();
  block->next = s.quick[block->units];
  s.quick[block->units] = offset_of(block);
  s.quick_units += block->units;
}

void Arena::merge(Block* block) {
  State& s = state();
  if (block->units_before != 0) {
    Block* before = at(offset_of(block) - block->units_before);
    if (before->listed) {
      unlist(before);
      set_size(before, before->units + block->units);
      block = before;
    }
  }
  const uint32_t after = offset_of(block) + block->units;
  if (after == s.top) {
    s.top = offset_of(block);
    s.last_units = block->units_before;
    return;
  }
  if (Block* next = at(after); next->listed) {
    unlist(next);
    set_size(block, block->units + next->units);
  }
  list(block);
}

bool Arena::grow(Block* block, uint32_t units) {
  State& s = state();
  const uint32_t after = offset_of(block) + block->units;
  const uint32_t more = units - block->units;
  if (after == s.top) {
    if (more > end_ - s.top) return false;
    s.top += more;
    block->units = units;
    s.last_units = units;
    if (s.top > s.highest_top) s.highest_top = s.top;
    return true;
  }
  Block* next = at(after);
  if (!next->listed || next->units < more) return false;
  unlist(next);
  set_size(block, block->units + next->units);
  split(block, units);
  return true;
}

void Arena::split(Block* block, uint32_t units) {
  const uint32_t rest = block->units - units;
  if (rest < kLeastUnits) return;
  // The tail's size first: set_size() of the head then writes the tail's `units_before`.
  Block* tail = at(offset_of(block) + units);
  tail->units = rest;
  tail->listed = 0;
  set_size(tail, rest);
  set_size(block, units);
  merge(tail);
}

void Arena::set_size(Block* block, uint32_t units) {
  State& s = state();
  block->units = units;
  const uint32_t after = offset_of(block) + units;
  if (after == s.top) {
    s.last_units = units;
  } else {
    at(after)->units_before = units;
  }
}

void Arena::list(Block* block) {
  State& s = state();
  const Bin bin = bin_of(block->units);
  uint32_t& head = s.bins[bin.first][bin.second];
  const uint32_t here = offset_of(block);
  block->listed = 1;
  block->next = head;
  block->previous = 0;
  if (head != 0) at(head)->previous = here;
  head = here;
  s.second_map[bin.first] = static_cast<uint8_t>(s.second_map[bin.first] | (1u << bin.second));
  s.first_map |= 1u << bin.first;
}

void Arena::unlist(Block* block) {
  State& s = state();
  block->listed = 0;
  if (block->next != 0) at(block->next)->previous = block->previous;
  if (block->previous != 0) {
    at(block->previous)->next = block->next;
    return;
  }
  const Bin bin = bin_of(block->units);
  s.bins[bin.first][bin.second] = block->next;
  if (block->next != 0) return;
  s.second_map[bin.first] = static_cast<uint8_t>(s.second_map[bin.first] & ~(1u << bin.second));
  if (s.second_map[bin.first] == 0) s.first_map &= ~(1u << bin.first);
}

void Arena::merge_quick() {
  State& s = state();
  for (uint32_t units = kLeastUnits; units <= kQuickUnits; ++units) {
    uint32_t next = s.quick[units];
    s.quick[units] = 0;
    while (next != 0) {
      Block* block = at(next);
      next = block->next;
      merge(block);
    }
  }
  s.quick_units = 0;
}

void Arena::compact() {
  merge_quick();
}

void Arena::restore(const char* bytes, size_t size) {
  dirty_ = std::max(dirty_, size_t{state().highest_top} * kUnit);
  std::memcpy(pages_.data(), bytes, size);
}

size_t Arena::touched() const {
  return std::max(dirty_, size_t{state().highest_top} * kUnit);
}

size_t Arena::unused_bytes() const {
  return touched() - std::min(touched(), size_t{used()});
}

size_t Arena::trim() {
  merge_quick();
  State& s = state();
  size_t kept = extent();
  for (uint32_t log = kFirstLevel + 1; (size_t{1} << log) * kUnit >= kLargeHole; --log) {
    for (uint32_t bin : s.bins[log - 2]) {
      for (; bin != 0; bin = at(bin)->next) {
        const size_t hole = size_t{at(bin)->units} * kUnit;
        pages_.discard(size_t{bin} * kUnit + sizeof(Block), size_t{bin} * kUnit + hole);
        kept -= hole;
      }
    }
  }
  if (touched() <= extent()) return kept;
  pages_.discard(extent());
  dirty_ = 0;
  s.highest_top = s.top;
  return kept;
}

void Arena::discard(size_t kept) {
  if (touched() <= kept) return;
  pages_.discard(kept);
  dirty_ = 0;
  state().highest_top = 0;
}

}  // namespace sluice::sandbox
