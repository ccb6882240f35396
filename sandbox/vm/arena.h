// Arena: all the memory of one Lua state, at a fixed address, counted and limited.
//
// The allocator's own state lies at the arena's start. So the bytes [data, data + extent) are
// everything: copied aside and copied back, they bring back the state and the allocator with it.
//
// The algorithm. Every block has an 8-byte header with its own size and that of the block before it
// (Knuth's boundary tags, TAOCP 1, 2.5). Small blocks are freed to a list of their exact size and
// taken from there (Quick Fit: Weinstock and Wulf, 1988); the rest is kept in two-level segregated
// lists, found and merged in constant time (TLSF: Masmano, Ripoll, Crespo and Real, ECRTS 2004).
// What is adjacent to the unused end of the arena is given back to it, and the last block grows in
// place. Small free blocks are merged when there are many of them and they are of no use as they
// are.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sandbox/vm/pages.h"

namespace sluice::sandbox {

class Arena {
 public:
  // Reserves address space for `bytes` in blocks. False when the system refuses.
  bool reserve(size_t bytes);

  // Empties the arena; the limit is lifted.
  void reset();

  // As lua_Alloc wants it: old_size 0 for a new block, new_size 0 to free. nullptr when refused; a
  // block that shrinks is never refused. Aligned to 8 bytes.
  void* reallocate(void* block, size_t old_size, size_t new_size);

  // Bytes requested now, and at most since the limit was set. Headers and rounding do not count.
  uint64_t used() const;
  uint64_t peak() const;

  // From now on no request may raise used() above `bytes`. The peak starts anew, refused() is
  // false.
  void set_limit(uint64_t bytes);
  void move_limit(uint64_t bytes);  // the same, and nothing starts anew
  bool refused() const;             // some request, since the limit was set
  void note_refusal();              // of a request that never came here

  // Merges what is free, so that extent() is as small as it can be without moving anything.
  void compact();

  // The bytes that matter: [data, data + extent).
  const char* data() const { return pages_.data(); }
  size_t extent() const;

  // Copies such bytes back: the arena is as it was when they were copied aside.
  void restore(const char* bytes, size_t size);

  // Bytes that were written to since the last discard() or trim(), and are not in use.
  size_t unused_bytes() const;

  // Gives the memory beyond all that is in use, and that of large holes, back to the system.
  // Returns how much it keeps.
  size_t trim();

  // Gives the memory beyond `kept` bytes back to the system, if it was ever written to. Ends what
  // the arena holds: only restore() or reset() may follow.
  void discard(size_t kept);

 private:
  struct State;
  struct Block;

  State& state() const;
  size_t touched() const;  // bytes from the start
  Block* at(uint32_t offset) const;
  uint32_t offset_of(const Block* block) const;

  void* allocate(size_t size);
  Block* take(uint32_t units);  // from the lists or the end
  Block* take_listed(uint32_t units);
  Block* take_end(uint32_t units);
  void release(Block* block);  // to a quick list, or merged
  void merge(Block* block);    // with its free neighbours, into a list or the end
  bool grow(Block* block, uint32_t units);
  void split(Block* block, uint32_t units);

  void list(Block* block);
  void unlist(Block* block);
  void set_size(Block* block, uint32_t units);
  void merge_quick();

  Pages pages_;
  uint32_t end_ = 0;  // in units
  size_t dirty_ = 0;  // bytes that an earlier content reached to, since the last discard
};

}  // namespace sluice::sandbox
