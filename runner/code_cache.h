// CodeCache: bytecode by content hash, so that a hot action costs no read of the store.
//
// The least recently used go first when the bytes exceed the bound. Several jobs that miss the same
// code wait for one read. The store is not trusted: a source has to have the hash that was asked
// for, and bytecode has to bear our seal for it (base/seal.h). Where it does not, or another Lua
// build made it, the source is compiled anew, and the bytecode put back, sealed, if there is a key.
#pragma once

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/seal.h"
#include "sandbox/compiler.h"
#include "sandbox/pool.h"
#include "store/store.h"

namespace sluice::runner {

using LoadedCode = std::shared_ptr<const sandbox::Code>;

class CodeCache {
 public:
  // `lua_tag` names the Lua build of the workers. Everything must outlive the cache.
  CodeCache(Store& store, Compiler& compiler, const Seal& seal, Log& log, Metrics& metrics,
            std::string lua_tag, size_t max_bytes);

  // Calls back at once when the code is here, later when it must be read. kNotFound: the store has
  // no such code. kInvalid: what it has is something else, or does not compile.
  void get(const Sha256& hash, std::function<void(const Result<LoadedCode>&)> done);

 private:
  using Waiting = std::vector<std::function<void(const Result<LoadedCode>&)>>;

  void on_read(const Sha256& hash, Result<CodePtr> found);
  void recompile(const Sha256& hash, CodePtr stale, Seal::Refusal why);
  void put_back(const Sha256& hash, const std::string& chunk_name, const Bytecode& fresh);
  void arrived(const Sha256& hash, Result<LoadedCode> code);
  void keep(LoadedCode code);

  Store& store_;
  Compiler& compiler_;
  const Seal& seal_;
  Log& log_;
  const std::string lua_tag_;
  const size_t max_bytes_;

  std::list<LoadedCode> by_use_;  // the most recent first
  std::unordered_map<Sha256, std::list<LoadedCode>::iterator> cached_;
  size_t cached_bytes_ = 0;
  std::unordered_map<Sha256, Waiting> loading_;
  std::array<Counter*, Seal::kRefusals> recompiled_{};  // by the reason
};

}  // namespace sluice::runner
