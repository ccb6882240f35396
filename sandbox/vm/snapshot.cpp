#include "sandbox/vm/snapshot.h"

#include <cstring>
#include <new>
#include <utility>

namespace sluice::sandbox {

bool Snapshot::take(const Arena& arena) {
  size_ = arena.extent();
  bytes_.reset(new (std::nothrow) char[size_]);
  if (!bytes_) {
    size_ = 0;
    return false;
  }
  std::memcpy(bytes_.get(), arena.data(), size_);
  return true;
}

void Snapshot::drop() {
  bytes_.reset();
  size_ = 0;
}

void Shelf::put(uint32_t ref, std::string chunk_name, std::string bytecode) {
  LoadedCode& code = codes_[ref];
  drop_all(code);
  code.chunk_name = std::move(chunk_name);
  code.bytecode = std::move(bytecode);
}

void Shelf::remove(uint32_t ref) {
  const auto found = codes_.find(ref);
  if (found == codes_.end()) return;
  drop_all(found->second);
  codes_.erase(found);
}

LoadedCode* Shelf::find(uint32_t ref) {
  const auto found = codes_.find(ref);
  return found == codes_.end() ? nullptr : &found->second;
}

const Snapshot* Shelf::snapshot(LoadedCode& code, size_t slot) {
  if (slot >= code.kept.size() || !code.kept[slot].snapshot) return nullptr;
  code.kept[slot].last_used = ++uses_;
  return &code.kept[slot].snapshot;
}

void Shelf::keep_snapshot(LoadedCode& code, size_t slot, const Arena& arena) {
  if (slot >= code.kept.size()) code.kept.resize(slot + 1);
  LoadedCode::Kept& place = code.kept[slot];
  drop(place.snapshot);
  if (arena.extent() > capacity_) return;
  while (held_ + arena.extent() > capacity_) {
    LoadedCode::Kept* oldest = nullptr;
    for (auto& [ref, other] : codes_)
      for (LoadedCode::Kept& kept : other.kept)
        if (kept.snapshot && (oldest == nullptr || kept.last_used < oldest->last_used))
          oldest = &kept;
    if (oldest == nullptr) break;
    drop(oldest->snapshot);
  }
  if (!place.snapshot.take(arena)) return;
  held_ += place.snapshot.size();
  place.last_used = ++uses_;
}

void Shelf::drop(Snapshot& snapshot) {
  held_ -= snapshot.size();
  snapshot.drop();
}

void Shelf::drop_all(LoadedCode& code) {
  for (LoadedCode::Kept& kept : code.kept) drop(kept.snapshot);
  code.kept.clear();
}

}  // namespace sluice::sandbox
