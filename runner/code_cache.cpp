#include "runner/code_cache.h"

#include <utility>

namespace sluice::runner {

namespace {

constexpr std::array<const char*, Seal::kRefusals> kReasons = {"no_key", "unsealed", "other_build",
                                                               "bad_seal"};

}  // namespace

CodeCache::CodeCache(Store& store, Compiler& compiler, const Seal& seal, Log& log, Metrics& metrics,
                     std::string lua_tag, size_t max_bytes)
    : store_(store),
      compiler_(compiler),
      seal_(seal),
      log_(log),
      lua_tag_(std::move(lua_tag)),
      max_bytes_(max_bytes) {
  for (size_t i = 0; i < kReasons.size(); ++i)
    recompiled_[i] = &metrics.counter("sluice_code_recompiled_total",
                                      "Stored bytecode that was not used but compiled anew",
                                      {{"reason", kReasons[i]}});
}

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
  if (code_hash_of(record->chunk_name, record->source) != hash)
    return arrived(hash, Error{Code::kInvalid, "code",
                               "the source in the store is not the one that was uploaded, it was "
                               "changed there; upload the action again (code " +
                                   hash.hex() + ")"});
  const auto opened = seal_.open(hash, lua_tag_, record->lua_tag, record->bytecode);
  if (const auto* why = std::get_if<Seal::Refusal>(&opened)) return recompile(hash, record, *why);
  arrived(hash, std::make_shared<const sandbox::Code>(sandbox::Code{
                    hash, record->chunk_name, std::string(std::get<std::string_view>(opened))}));
}

void CodeCache::recompile(const Sha256& hash, CodePtr stale, Seal::Refusal why) {
  const std::string& name = stale->chunk_name;
  switch (why) {
    case Seal::Refusal::kNoKey:  // said once, at the start
      log_.debug("Compiling {}: there is no key to check its bytecode with", name);
      break;
    case Seal::Refusal::kUnsealed:
      log_.info("Compiling {}: its bytecode was stored without a seal", name);
      break;
    case Seal::Refusal::kOtherBuild:
      log_.info("Recompiling {}: its bytecode was made by another Lua build", name);
      break;
    case Seal::Refusal::kBadSeal:
      log_.warn(
          "Recompiling {}: its bytecode in the store was changed, or sealed with another key "
          "(code {})",
          name, hash.hex());
      break;
  }
  recompiled_[static_cast<size_t>(why)]->add();
  compiler_.compile({name, stale->source}, [this, hash, stale](Result<Bytecode> compiled) {
    if (!compiled.ok()) return arrived(hash, compiled.error());
    put_back(hash, stale->chunk_name, *compiled);
    arrived(hash, std::make_shared<const sandbox::Code>(
                      sandbox::Code{hash, stale->chunk_name, std::move(compiled->bytes)}));
  });
}

void CodeCache::put_back(const Sha256& hash, const std::string& chunk_name, const Bytecode& fresh) {
  if (!seal_.has_key()) return;
  KeptBytecode kept = seal_.close(hash, fresh.lua_tag, fresh.bytes);
  store_.put_bytecode(
      hash, std::move(kept.bytes), std::move(kept.tag), [this, chunk_name](const Status& put) {
        if (!put.ok())
          log_.warn("Could not keep the bytecode of {}: {}", chunk_name, put.error().text());
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
