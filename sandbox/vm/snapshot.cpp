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
  drop_snapshot(code);
  code.chunk_name = std::move(chunk_name);
  code.bytecode = std::move(bytecode);
}

void Shelf::remove(uint32_t ref) {
  const auto found = codes_.find(ref);
  if (found == codes_.end()) return;
  drop_snapshot(found->second);
  codes_.erase(found);
}

LoadedCode* Shelf::find(uint32_t ref) {
  const auto found = codes_.find(ref);
  if (found == codes_.end()) return nullptr;
  found->second.last_used = ++uses_;
  return &found->second;
}

void Shelf::keep_snapshot(LoadedCode& code, const Arena& arena) {
  drop_snapshot(code);
  if (arena.extent() > capacity_) return;
  while (held_ + arena.extent() > capacity_) {
    LoadedCode* oldest = nullptr;
    for (auto& [ref, other] : codes_)
      if (other.snapshot && (oldest == nullptr || other.last_used < oldest->last_used))
        oldest = &other;
    if (oldest == nullptr) break;
    drop_snapshot(*oldest);
  }
  if (code.snapshot.take(arena)) held_ += code.snapshot.size();
}

void Shelf::drop_snapshot(LoadedCode& code) {
  held_ -= code.snapshot.size();
  code.snapshot.drop();
}

}  // namespace sluice::sandbox
