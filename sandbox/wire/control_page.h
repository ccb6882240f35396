// The page of memory that the pool shares with each worker: who has which offer, and what runs now.
//
// A worker has kSlots positions for offers. They begin one after another, in the order of arrival;
// one that has begun may wait for a plugin while the next begin. For each slot one word says how
// far its offer has come:
//
//     offered ──take (worker)──→ taken
//        └─────revoke (pool)───→ revoked
//
// Both sides move it by compare-and-swap on the whole word, sequence included, so exactly one of
// them wins and a word left over from an earlier offer is never mistaken.
//
// The worker can write anything here. The pool reads it as hints: it believes a start time only
// within the bounds it knows itself, and a worker that lies harms its own jobs alone.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace sluice::sandbox::wire {

inline constexpr uint16_t kSlots = 128;
// So many of them are offered to a worker at a time, beside those that wait for a plugin.
inline constexpr uint16_t kBusySlots = 32;

enum class OfferState : uint8_t { kOffered = 1, kTaken = 2, kRevoked = 3 };

struct ControlPage {
  std::array<std::atomic<uint64_t>, kSlots> slots;
  std::atomic<uint64_t> running;  // offer_name() of what runs now; 0: nothing
  // Its beginning, by CLOCK_MONOTONIC. What belongs to it is written before `running`.
  std::atomic<int64_t> running_since_ns;

  // Of the worker's processor time: where it stood when the running turn began, and what each job
  // had in its turns before.
  std::atomic<int64_t> cpu_mark_ns;
  std::array<std::atomic<int64_t>, kSlots> cpu_ns;

  static uint64_t word(uint64_t sequence, OfferState state) {
    return (sequence << 2) | static_cast<uint64_t>(state);
  }
  // A slot and a sequence in one word; never 0, since sequences begin at 1.
  static uint64_t offer_name(uint16_t slot, uint64_t sequence) { return (sequence << 8) | slot; }

  // The pool's moves.
  void offer(uint16_t slot, uint64_t sequence) {
    slots[slot].store(word(sequence, OfferState::kOffered), std::memory_order_release);
  }
  bool revoke(uint16_t slot, uint64_t sequence) {
    return move(slot, sequence, OfferState::kRevoked);
  }

  // The worker's moves.
  bool take(uint16_t slot, uint64_t sequence) { return move(slot, sequence, OfferState::kTaken); }
  // A turn of what began at `began_ns` and had `had_ns` of processor time before this one.
  void begin(uint16_t slot, uint64_t sequence, int64_t began_ns, int64_t had_ns, int64_t mark_ns) {
    running_since_ns.store(began_ns, std::memory_order_relaxed);
    cpu_mark_ns.store(mark_ns, std::memory_order_relaxed);
    cpu_ns[slot].store(had_ns, std::memory_order_relaxed);
    running.store(offer_name(slot, sequence), std::memory_order_release);
  }
  void end(uint16_t slot, int64_t had_ns) {
    cpu_ns[slot].store(had_ns, std::memory_order_relaxed);
    running.store(0, std::memory_order_release);
  }

 private:
  bool move(uint16_t slot, uint64_t sequence, OfferState to) {
    uint64_t expected = word(sequence, OfferState::kOffered);
    return slots[slot].compare_exchange_strong(expected, word(sequence, to),
                                               std::memory_order_acq_rel);
  }
};

static_assert(std::atomic<uint64_t>::is_always_lock_free);  // it works between processes
inline constexpr size_t kControlPageBytes = 4096;
static_assert(sizeof(ControlPage) <= kControlPageBytes);

// The descriptors a worker is started with, beside 0 to 2, which are /dev/null.
inline constexpr int kChannelFd = 3;
inline constexpr int kControlPageFd = 4;  // not when it compiles

}  // namespace sluice::sandbox::wire
