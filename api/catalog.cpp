#include "api/catalog.h"

#include <algorithm>
#include <utility>

namespace sluice::api {
namespace {

Error not_found() {
  return {Code::kNotFound, "catalog", "Action not found"};
}
Error exists() {
  return {Code::kConflict, "catalog", "Action already exists"};
}

}  // namespace

bool is_action_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

Catalog::Catalog(Store& store, Compiler& compiler, const Seal& seal, const Clock& clock, Log& log,
                 Options options)
    : store_(store),
      compiler_(compiler),
      seal_(seal),
      clock_(clock),
      log_(log),
      options_(std::move(options)) {}

// ── reading ──

ActionPtr Catalog::cached(std::string_view name) {
  const auto found = cache_.find(name);
  if (found == cache_.end()) return nullptr;
  if (options_.max_age.count() > 0 && clock_.mono() - found->second.read_at > options_.max_age) {
    cache_.erase(found);
    return nullptr;
  }
  return found->second.action;
}

void Catalog::keep(const ActionPtr& action) {
  if (cache_.size() >= options_.capacity && !cache_.contains(action->name))
    cache_.erase(cache_.begin());  // any: those in use come back by one read each
  cache_.insert_or_assign(action->name, Cached{action, clock_.mono()});
}

void Catalog::forget(std::string_view name) {
  ++changes_;
  if (const auto found = cache_.find(name); found != cache_.end()) cache_.erase(found);
}

void Catalog::find(std::string_view name, Once<void(Result<ActionPtr>)> then) {
  if (ActionPtr action = cached(name)) return then(std::move(action));
  if (!is_action_name(name)) return then(not_found());
  const Question question{std::string(name), changes_};
  std::vector<Once<void(Result<ActionPtr>)>>& waiting = asked_[question];
  waiting.push_back(std::move(then));
  if (waiting.size() > 1) return;
  store_.find_action(options_.ns, question.first,
                     alive_.guard([this, question](Result<Action> found) {
                       on_found(question, std::move(found));
                     }));
}

void Catalog::on_found(const Question& question, Result<Action> found) {
  Result<ActionPtr> answer = not_found();
  if (found.ok()) {
    auto action = std::make_shared<const Action>(*std::move(found));
    if (question.second == changes_) keep(action);
    answer = ActionPtr(std::move(action));
  } else if (found.error().code != Code::kNotFound) {
    answer = found.error();
  }
  auto waiting = std::move(asked_.extract(question).mapped());
  for (auto& then : waiting) then(answer);
}

void Catalog::list(Once<void(Result<std::vector<Action>>)> then) {
  store_.list_actions(
      options_.ns,
      alive_.guard([then = std::move(then)](Result<std::vector<Action>> actions) mutable {
        then(std::move(actions));
      }));
}

// ── writing ──

void Catalog::put(PutMode mode, ActionDraft draft, Once<void(Result<ActionPtr>)> then) {
  auto put = std::make_shared<Put>(Put{mode, std::move(draft), std::move(then)});
  // What is kept of the action is kept as it is now: another server may have changed it.
  if (mode == PutMode::kReplace) forget(put->draft.name);
  find(put->draft.name, [this, put](Result<ActionPtr> found) {
    if (found.ok() && put->mode == PutMode::kCreate) return put->then(exists());
    if (!found.ok()) {
      const bool may_be_made =
          found.error().code == Code::kNotFound && put->mode == PutMode::kCreate;
      if (!may_be_made) return put->then(found.error());
    } else {
      ActionDraft& draft = put->draft;
      if (!draft.max_concurrency) draft.max_concurrency = (*found)->max_concurrency;
      if (!draft.allow) draft.allow = (*found)->allow;
    }
    compile(put);
  });
}

void Catalog::compile(const PutPtr& put) {
  compiler_.compile({put->draft.name + ".lua", put->draft.source},
                    alive_.guard([this, put](Result<Bytecode> bytecode) {
                      if (!bytecode.ok()) {
                        Error error = bytecode.error();
                        if (error.code == Code::kInvalid) error.operation.clear();
                        return put->then(std::move(error));
                      }
                      log_.info("Action compiled successfully");
                      store(put, *bytecode);
                    }));
}

void Catalog::store(const PutPtr& put, const Bytecode& bytecode) {
  const ActionDraft& draft = put->draft;
  CodeRecord code;
  code.chunk_name = draft.name + ".lua";
  code.hash = code_hash_of(code.chunk_name, draft.source);
  code.source = draft.source;
  KeptBytecode kept = seal_.close(code.hash, bytecode.lua_tag, bytecode.bytes);
  code.bytecode = std::move(kept.bytes);
  code.lua_tag = std::move(kept.tag);
  code.stripped_bytes = bytecode.stripped_bytes;

  Action action;
  action.ns = options_.ns;
  action.name = draft.name;
  action.source_hash = sha256(draft.source);
  action.code_hash = code.hash;
  action.stripped_bytes = code.stripped_bytes;
  action.timeout = draft.timeout;
  action.memory_kb = draft.memory_kb;
  action.max_concurrency = draft.max_concurrency.value_or(0);
  action.allow = draft.allow.value_or(std::nullopt);
  store_.put_action(
      put->mode, std::move(action), std::move(code),
      alive_.guard([this, put](Result<Action> result) { stored(put, std::move(result)); }));
}

void Catalog::stored(const PutPtr& put, Result<Action> result) {
  forget(put->draft.name);
  if (!result.ok()) {
    const Error& error = result.error();
    if (error.code == Code::kConflict) return put->then(exists());
    if (error.code == Code::kNotFound) return put->then(not_found());
    return put->then(error);
  }
  auto action = std::make_shared<const Action>(*std::move(result));
  keep(action);
  put->then(std::move(action));
}

void Catalog::remove(const std::string& name, Once<void(Status)> then) {
  if (!is_action_name(name)) return then(not_found());
  store_.delete_action(options_.ns, name,
                       alive_.guard([this, name, then = std::move(then)](Status status) mutable {
                         forget(name);
                         if (!status.ok() && status.error().code == Code::kNotFound)
                           return then(not_found());
                         then(std::move(status));
                       }));
}

}  // namespace sluice::api
