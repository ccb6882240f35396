#include "plugins/host/place.h"

#include <new>

namespace sluice::plugins {
namespace {

// Addresses only: but for its first bytes no area is ever touched, so it costs a page.
constexpr size_t kAreaBytes = 64 << 10;
constexpr uint32_t kFirstTurn = 1 << 10;
static_assert(sizeof(Place) <= kFirstTurn);

}  // namespace

sluice_call* Place::call() {
  return reinterpret_cast<sluice_call*>(reinterpret_cast<uintptr_t>(this) + turn);
}

Place& Place::of(const sluice_call* call) {
  return *reinterpret_cast<Place*>(reinterpret_cast<uintptr_t>(call) & ~(kAreaBytes - 1));
}

uint32_t Place::turn_of(const sluice_call* call) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(call) & (kAreaBytes - 1));
}

bool Place::is_open(const sluice_call* call) const {
  return open.load(std::memory_order_acquire) == turn_of(call);
}

bool Place::take(const sluice_call* call) {
  uint32_t turn = turn_of(call);
  return turn != 0 && open.compare_exchange_strong(turn, 0, std::memory_order_acq_rel);
}

Places::Places(size_t count, Instance& owner)
    : memory_(std::aligned_alloc(kAreaBytes, count * kAreaBytes)) {
  if (!memory_) throw std::bad_alloc();
  auto* const areas = static_cast<char*>(memory_.get());
  for (size_t i = 0; i < count; ++i) all_.push_back(new (areas + i * kAreaBytes) Place(owner));
  free_ = all_;
}

Places::~Places() {
  for (Place* place : all_) place->~Place();
}

Place& Places::begin(Ticket work) {
  Place& place = *free_.back();
  free_.pop_back();
  place.turn =
      place.turn + 1 < kFirstTurn || place.turn + 1 == kAreaBytes ? kFirstTurn : place.turn + 1;
  place.answered = place.returned = false;
  place.work = work;
  work->place = &place;
  place.abandoned.store(false, std::memory_order_relaxed);
  place.deadline.store(work->deadline, std::memory_order_relaxed);
  place.open.store(place.turn, std::memory_order_release);
  return place;
}

void Places::end(Place& place) {
  place.work->place = nullptr;
  free_.push_back(&place);
}

}  // namespace sluice::plugins
