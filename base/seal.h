// Seal: how bytecode lies in a store, so that bytecode which somebody else put there is never run.
//
// Lua trusts bytecode: a changed one can do anything to the process that loads it. So it is kept
// with a MAC (BLAKE2b, 256 bits) that covers what it was compiled from, for which Lua build, and
// itself; who has no key cannot make one, and one that belongs to other code does not fit. What
// does not fit is compiled again from its source.
//
// In a store it has two parts:
//   tag    "sealed1 " and the Lua build; "source only" where there is no key
//   bytes  32 bytes of MAC, then the bytecode; empty where there is no key
// Releases before the seal wrote the Lua build alone and the bytecode alone; to them a sealed one
// is of another Lua build, which they compile again. So old and new ones can share a store.
//
// Immutable, may be used by any thread. Copies share the key.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/hash.h"
#include "base/seal_key.h"

namespace sluice {

struct KeptBytecode {
  std::string tag;
  std::string bytes;
};

class Seal {
 public:
  // Without a key nothing can be sealed, and nothing that is stored is trusted.
  static Seal none() { return Seal(nullptr); }
  explicit Seal(SealKey key) : Seal(std::make_shared<const SealKey>(std::move(key))) {}

  bool has_key() const { return key_ != nullptr; }

  // What to store. `code_hash`: what it was compiled from.
  KeptBytecode close(const Sha256& code_hash, std::string_view lua_tag,
                     std::string_view bytecode) const;

  enum class Refusal {
    kNoKey,       // there is nothing to check it with
    kUnsealed,    // an API without a key stored it, or a release before the seal
    kOtherBuild,  // another Lua build made it
    kBadSeal,     // it was changed, moved here from other code, or sealed with another key
  };
  static constexpr size_t kRefusals = 4;

  // The bytecode within `kept_bytes`, or why it is not to be run by the Lua build `lua_tag`.
  std::variant<std::string_view, Refusal> open(const Sha256& code_hash, std::string_view lua_tag,
                                               std::string_view kept_tag,
                                               std::string_view kept_bytes) const;

 private:
  explicit Seal(std::shared_ptr<const SealKey> key) : key_(std::move(key)) {}

  std::shared_ptr<const SealKey> key_;  // null: none
};

}  // namespace sluice
