// Actions and code of a MemoryStore.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "store/store.h"

namespace sluice {

class MemoryActions {
 public:
  Result<Action> put(PutMode mode, Action action, CodeRecord code, WallTime now);
  Result<Action> find(const std::string& ns, const std::string& name) const;
  std::vector<Action> list(const std::string& ns) const;
  std::vector<Action> capped() const;
  Status remove(const std::string& ns, const std::string& name, WallTime now);

  Result<CodePtr> code(const Sha256& hash) const;
  Status put_bytecode(const Sha256& hash, std::string bytecode, std::string lua_tag);

  // Removes code that no action and none of `in_use` refers to, and nothing has for `grace`.
  void collect(const std::unordered_set<Sha256>& in_use, WallTime now, Millis grace);

 private:
  struct Named {
    Action action;
    bool deleted = false;  // its version number lives on
  };
  struct Stored {
    CodePtr record;
    WallTime touched_at{};  // when an action last began or ceased to refer to it
  };

  void touch(const Sha256& hash, WallTime now);

  std::map<std::pair<std::string, std::string>, Named> actions_;
  std::unordered_map<Sha256, Stored> code_;
};

}  // namespace sluice
