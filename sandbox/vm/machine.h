// Machine: the parts of a Vm, made once and used by each invocation (invocation.h).
#pragma once

#include <string_view>

#include "sandbox/vm/context.h"
#include "sandbox/vm/json_read.h"
#include "sandbox/vm/json_write.h"
#include "sandbox/vm/random.h"
#include "sandbox/vm/snapshot.h"
#include "sandbox/vm/vm.h"

namespace sluice::sandbox {

struct Machine {
  explicit Machine(const VmOptions& options)
      : options(options), shelf(options.snapshot_cache_bytes) {}

  const VmOptions options;
  Context context;
  Shelf shelf;
  JsonReader reader;
  JsonWriter writer;
  Seeds seeds;

  // The state with its libraries and nothing else. Its stack holds the message handler, in slot 1.
  lua_State* state = nullptr;
  Snapshot bare;
  uint64_t bare_bytes = 0;  // requested by it: what jobs are not charged for
};

}  // namespace sluice::sandbox
