#include "store/memory/memory_actions.h"

namespace sluice {

Result<Action> MemoryActions::put(PutMode mode, Action action, CodeRecord code, WallTime now) {
  const auto key = std::make_pair(action.ns, action.name);
  const auto found = actions_.find(key);
  const bool exists = found != actions_.end() && !found->second.deleted;
  if (mode == PutMode::kCreate && exists)
    return Error{Code::kConflict, "store.put_action", "action '" + action.name + "' exists"};
  if (mode == PutMode::kReplace && !exists)
    return Error{Code::kNotFound, "store.put_action", "no action '" + action.name + "'"};

  action.version = found == actions_.end() ? 1 : found->second.action.version + 1;
  action.created_at = exists ? found->second.action.created_at : now;
  action.updated_at = now;
  if (exists) touch(found->second.action.code_hash, now);

  const Sha256 hash = code.hash;
  Stored& stored = code_[hash];
  stored.record = std::make_shared<const CodeRecord>(std::move(code));
  stored.touched_at = now;
  actions_[key] = Named{action, false};
  return action;
}

Result<Action> MemoryActions::find(const std::string& ns, const std::string& name) const {
  const auto found = actions_.find({ns, name});
  if (found == actions_.end() || found->second.deleted)
    return Error{Code::kNotFound, "store.find_action", "no action '" + name + "'"};
  return found->second.action;
}

std::vector<Action> MemoryActions::list(const std::string& ns) const {
  std::vector<Action> all;
  for (auto at = actions_.lower_bound({ns, ""}); at != actions_.end() && at->first.first == ns;
       ++at) {
    if (!at->second.deleted) all.push_back(at->second.action);
  }
  return all;
}

std::vector<Action> MemoryActions::capped() const {
  std::vector<Action> all;
  for (const auto& [key, named] : actions_) {
    if (!named.deleted && named.action.max_concurrency > 0) all.push_back(named.action);
  }
  return all;
}

Status MemoryActions::remove(const std::string& ns, const std::string& name, WallTime now) {
  const auto found = actions_.find({ns, name});
  if (found == actions_.end() || found->second.deleted)
    return Error{Code::kNotFound, "store.delete_action", "no action '" + name + "'"};
  found->second.deleted = true;
  touch(found->second.action.code_hash, now);
  return Ok{};
}

Result<CodePtr> MemoryActions::code(const Sha256& hash) const {
  const auto found = code_.find(hash);
  if (found == code_.end())
    return Error{Code::kNotFound, "store.find_code", "no code " + hash.hex()};
  return found->second.record;
}

Status MemoryActions::put_bytecode(const Sha256& hash, std::string bytecode, std::string lua_tag) {
  const auto found = code_.find(hash);
  if (found == code_.end())
    return Error{Code::kNotFound, "store.put_bytecode", "no code " + hash.hex()};
  auto changed = std::make_shared<CodeRecord>(*found->second.record);
  changed->bytecode = std::move(bytecode);
  changed->lua_tag = std::move(lua_tag);
  found->second.record = std::move(changed);
  return Ok{};
}

void MemoryActions::collect(const std::unordered_set<Sha256>& in_use, WallTime now, Millis grace) {
  std::unordered_set<Sha256> named;
  for (const auto& [key, entry] : actions_) {
    if (!entry.deleted) named.insert(entry.action.code_hash);
  }
  std::erase_if(code_, [&](const auto& entry) {
    const auto& [hash, stored] = entry;
    return !named.contains(hash) && !in_use.contains(hash) && stored.touched_at + grace <= now;
  });
}

void MemoryActions::touch(const Sha256& hash, WallTime now) {
  const auto found = code_.find(hash);
  if (found != code_.end()) found->second.touched_at = now;
}

}  // namespace sluice
