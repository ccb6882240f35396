// Snapshots: an arena's content copied aside, and the shelf of code that keeps one for each action.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sandbox/vm/arena.h"

namespace sluice::sandbox {

class Snapshot {
 public:
  // False when there is no memory for the copy: then it is empty.
  bool take(const Arena& arena);
  void restore(Arena& arena) const { arena.restore(bytes_.get(), size_); }

  explicit operator bool() const { return bytes_ != nullptr; }
  size_t size() const { return size_; }
  void drop();

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
};

struct LoadedCode {
  std::string chunk_name;  // "hello.lua"
  std::string bytecode;
  // After the top level ran, one for each slot that has run it; empty before, and after their
  // eviction. They hold addresses of the slot's arena.
  struct Kept {
    Snapshot snapshot;
    uint64_t last_used = 0;
  };
  std::vector<Kept> kept;
};

// All code a Vm knows, and the bound on its snapshots.
class Shelf {
 public:
  explicit Shelf(uint64_t snapshot_bytes) : capacity_(snapshot_bytes) {}

  void put(uint32_t ref, std::string chunk_name, std::string bytecode);
  void remove(uint32_t ref);
  LoadedCode* find(uint32_t ref);  // nullptr: unknown

  // The code's snapshot of a slot, used now; nullptr: there is none.
  const Snapshot* snapshot(LoadedCode& code, size_t slot);

  // Takes it, dropping those that were not used for longest. One that alone is larger than the
  // bound is not kept.
  void keep_snapshot(LoadedCode& code, size_t slot, const Arena& arena);

  uint64_t snapshot_bytes() const { return held_; }

 private:
  void drop(Snapshot& snapshot);
  void drop_all(LoadedCode& code);

  std::unordered_map<uint32_t, LoadedCode> codes_;
  const uint64_t capacity_;
  uint64_t held_ = 0;
  uint64_t uses_ = 0;
};

}  // namespace sluice::sandbox
