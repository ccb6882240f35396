// Machine: the parts of a Vm that its slots share (slot.h). One of them runs at a time, and none is
// interrupted while it uses the reader or the writer.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "sandbox/vm/json_read.h"
#include "sandbox/vm/json_write.h"
#include "sandbox/vm/random.h"
#include "sandbox/vm/slot.h"
#include "sandbox/vm/snapshot.h"
#include "sandbox/vm/vm.h"

namespace sluice::sandbox {

struct Machine {
  explicit Machine(const VmOptions& options)
      : options(options), shelf(options.snapshot_cache_bytes) {}

  const VmOptions options;
  Shelf shelf;
  JsonReader reader;
  JsonWriter writer;
  Seeds seeds;
  std::vector<std::unique_ptr<Slot>> slots;
  uint64_t held_bytes = 0;              // by those that wait
  std::atomic<Slot*> running{nullptr};  // whose turn it is, for the timer's handler
};

}  // namespace sluice::sandbox
