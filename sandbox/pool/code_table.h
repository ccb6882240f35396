// CodeTable: which codes one worker has been sent, and under which number. The least recently used
// make room.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

#include "base/hash.h"

namespace sluice::sandbox {

class CodeTable {
 public:
  struct Bounds {
    size_t codes = 1024;
    size_t bytes = 32 << 20;  // of bytecode, kept by the worker
  };

  CodeTable() : CodeTable(Bounds{}) {}
  explicit CodeTable(Bounds bounds) : bounds_(bounds) {}

  // The number of a code that the worker has.
  std::optional<uint32_t> find(const Sha256& hash);

  // The number to send a new code under. Numbers begin at 1 and are never used again.
  uint32_t add(const Sha256& hash, size_t bytes);

  // A code to unload before the table is within its bounds, if any; call until there is none. Never
  // the most recently used.
  std::optional<uint32_t> evict();

 private:
  struct Entry {
    Sha256 hash;
    uint32_t number;
    size_t bytes;
  };

  const Bounds bounds_;
  std::list<Entry> by_use_;  // the most recently used first
  std::unordered_map<Sha256, std::list<Entry>::iterator> by_hash_;
  uint32_t last_number_ = 0;
  size_t bytes_ = 0;
};

}  // namespace sluice::sandbox
