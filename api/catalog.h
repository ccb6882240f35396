// Catalog: actions by name. A hot action costs no store read; a new one is compiled here.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/lifetime.h"
#include "api/once.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/seal.h"
#include "sandbox/compiler.h"
#include "store/store.h"

namespace sluice::api {

using ActionPtr = std::shared_ptr<const Action>;

// What a client says of an action.
struct ActionDraft {
  std::string name;
  std::string source;
  Millis timeout{0};  // 0: the server's limit
  uint64_t memory_kb = 0;
  std::optional<uint32_t> max_concurrency;  // 0: no cap; absent: as it is
  std::optional<Allow> allow;               // absent: as it is
};

bool is_action_name(std::string_view name);  // [A-Za-z0-9_.-]{1,128}

class Catalog {
 public:
  struct Options {
    std::string ns = "default";
    Millis max_age{0};  // 0: for ever
    size_t capacity = 10'000;
  };

  // All of them outlive the catalog.
  Catalog(Store& store, Compiler& compiler, const Seal& seal, const Clock& clock, Log& log,
          Options options);

  // kNotFound: "Action not found". May answer at once, before it returns.
  void find(std::string_view name, Once<void(Result<ActionPtr>)> then);

  // Compiles and stores, the bytecode sealed; without a key the source alone. kConflict (kCreate)
  // or kNotFound (kReplace) is found out before compiling where possible; kInvalid is the
  // compiler's message.
  void put(PutMode mode, ActionDraft draft, Once<void(Result<ActionPtr>)> then);

  void remove(const std::string& name, Once<void(Status)> then);

  void list(Once<void(Result<std::vector<Action>>)> then);

 private:
  struct Put {
    PutMode mode;
    ActionDraft draft;
    Once<void(Result<ActionPtr>)> then;
  };
  using PutPtr = std::shared_ptr<Put>;

  struct Cached {
    ActionPtr action;
    MonoTime read_at{};
  };

  // An action's name, and the changes there had been when it was asked for.
  using Question = std::pair<std::string, uint64_t>;

  ActionPtr cached(std::string_view name);
  void on_found(const Question& question, Result<Action> found);
  void keep(const ActionPtr& action);
  void forget(std::string_view name);
  void compile(const PutPtr& put);
  void store(const PutPtr& put, const Bytecode& bytecode);
  void stored(const PutPtr& put, Result<Action> result);

  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  Store& store_;
  Compiler& compiler_;
  const Seal& seal_;
  const Clock& clock_;
  Log& log_;
  const Options options_;
  std::unordered_map<std::string, Cached, Hash, std::equal_to<>> cache_;
  // Those who wait for an answer that is on its way: an action that is asked for often is read once
  // when its time in the cache is over, not once by everybody.
  std::map<Question, std::vector<Once<void(Result<ActionPtr>)>>> asked_;
  uint64_t changes_ = 0;  // what was read before a change is not kept after it
  Lifetime alive_;
};

}  // namespace sluice::api
