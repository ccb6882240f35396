// CodeCache: bytecode by content hash, so that a hot action costs no read of the store.
//
// The least recently used go first when the bytes exceed the bound. Several jobs that miss the same
// code wait for one read. Bytecode that another Lua build made is compiled anew from its source,
// and put back.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "sandbox/compiler.h"
#include "sandbox/pool.h"
#include "store/store.h"

namespace sluice::runner {

using LoadedCode = std::shared_ptr<const sandbox::Code>;

class CodeCache {
 public:
  // `lua_tag` names the Lua build of the workers. Everything must outlive the cache.
  CodeCache(Store& store, Compiler& compiler, Log& log, std::string lua_tag, size_t max_bytes);

  // Calls back at once when the code is here, later when it must be read. kNotFound: the store has
  // no such code.
  void get(const Sha256& hash, std::function<void(const Result<LoadedCode>&)> done);

 private:
  using Waiting = std::vector<std::function<void(const Result<LoadedCode>&)>>;

  void on_read(const Sha256& hash, Result<CodePtr> found);
  void recompile(const Sha256& hash, CodePtr stale);
  void arrived(const Sha256& hash, Result<LoadedCode> code);
  void keep(LoadedCode code);

  Store& store_;
  Compiler& compiler_;
  Log& log_;
  const std::string lua_tag_;
  const size_t max_bytes_;

  std::list<LoadedCode> by_use_;  // the most recent first
  std::unordered_map<Sha256, std::list<LoadedCode>::iterator> cached_;
  size_t cached_bytes_ = 0;
  std::unordered_map<Sha256, Waiting> loading_;
};

}  // namespace sluice::runner
