#include "runner/code_cache.h"

#include <utility>

namespace sluice::runner {

CodeCache::CodeCache(Store& store, Compiler& compiler, Log& log, std::string lua_tag,
                     size_t max_bytes)
    : store_(store),
      compiler_(compiler),
      log_(log),
      lua_tag_(std::move(lua_tag)),
      max_bytes_(max_bytes) {}

void CodeCache::get(const Sha256& hash, std::function<void(const Result<LoadedCode>&)> done) {
  if (const auto hit = cached_.find(hash); hit != cached_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, hit->second);
    done(*hit->second);
    return;
  }

  auto [waiting, first] = loading_.try_emplace(hash);
  waiting->second.push_back(std::move(done));
  if (first) {
    store_.find_code(hash,
                     [this, hash](Result<CodePtr> found) { on_read(hash, std::move(found)); });
  }
}

void CodeCache::on_read(const Sha256& hash, Result<CodePtr> found) {
  if (!found.ok()) return arrived(hash, found.error());
  const CodePtr record = *found;
  if (record->lua_tag != lua_tag_) return recompile(hash, record);
  arrived(hash, std::make_shared<const sandbox::Code>(
                    sandbox::Code{hash, record->chunk_name, record->bytecode}));
}

void CodeCache::recompile(const Sha256& hash, CodePtr stale) {
  log_.info("Recompiling {}: its bytecode was made by another Lua build ({})", stale->chunk_name,
            stale->lua_tag);
  compiler_.compile({stale->chunk_name, stale->source}, [this, hash,
                                                         stale](Result<Bytecode> compiled) {
    if (!compiled.ok()) return arrived(hash, compiled.error());
    auto fresh = std::make_shared<const sandbox::Code>(
        sandbox::Code{hash, stale->chunk_name, compiled->bytes});
    store_.put_bytecode(hash, compiled->bytes, compiled->lua_tag, [this, stale](const Status& put) {
      if (!put.ok())
        log_.warn("Could not keep the bytecode of {}: {}", stale->chunk_name, put.error().text());
    });
    arrived(hash, LoadedCode(std::move(fresh)));
  });
}

void CodeCache::arrived(const Sha256& hash, Result<LoadedCode> code) {
  if (code.ok()) keep(*code);
  const auto entry = loading_.find(hash);
  const Waiting waiting = std::move(entry->second);
  loading_.erase(entry);
  for (const auto& done : waiting) done(code);
}

void CodeCache::keep(LoadedCode code) {
  cached_bytes_ += code->bytecode.size();
  by_use_.push_front(std::move(code));
  cached_[by_use_.front()->hash] = by_use_.begin();
  while (cached_bytes_ > max_bytes_ && by_use_.size() > 1) {
    const LoadedCode& oldest = by_use_.back();
    cached_bytes_ -= oldest->bytecode.size();
    cached_.erase(oldest->hash);
    by_use_.pop_back();
  }
}

}  // namespace sluice::runner
