#include "store/mongo/actions.h"

#include <utility>

namespace sluice::mongo {
namespace {

Result<std::optional<StoredAction>> read_one(Session& session, const std::string& ns,
                                             const std::string& name) {
  std::optional<StoredAction> stored;
  const Status found =
      session.find(kActions, Bson().text("_id", action_key(ns, name)), {},
                   [&](const bson_t* document) { stored = read_action(document); });
  if (!found.ok()) return found.error();
  return stored;
}

Status touch_code(Session& session, const Sha256& hash, WallTime now) {
  std::vector<UpdateStatement> statements(1);
  statements[0].query.hash("_id", hash);
  statements[0].update.document("$set", Bson().time("touched_at", now));
  const auto written = session.update(kCode, statements);
  return written.ok() ? Status() : Status(written.error());
}

Status write_code(Session& session, const CodeRecord& code, WallTime now) {
  std::vector<UpdateStatement> statements(1);
  statements[0].query.hash("_id", code.hash);
  Bson set = code_fields(code);
  set.time("touched_at", now);
  statements[0].update.document("$set", set);
  statements[0].upsert = true;
  const auto written = session.update(kCode, statements);
  if (!written.ok()) return written.error();
  if (!written->failures.empty())
    return Error{Code::kInternal, "store.put_action", written->failures.front().message};
  return {};
}

Error taken(const std::string& name) {
  return {Code::kConflict, "store.put_action", "action '" + name + "' exists"};
}

Error missing(const char* operation, const std::string& name) {
  return {Code::kNotFound, operation, "no action '" + name + "'"};
}

}  // namespace

// Reads, decides, and writes only where nobody came between; else again.
Result<Action> put_action(Session& session, Rules rules, PutMode mode, const Action& asked,
                          const CodeRecord& code, int64_t nonce) {
  const WallTime now = rules.time.now();
  if (Status written = write_code(session, code, now); !written.ok()) return written.error();
  for (;;) {
    const auto found = read_one(session, asked.ns, asked.name);
    if (!found.ok()) return found.error();
    const std::optional<StoredAction>& old = *found;
    if (old && old->nonce == nonce) return old->action;  // written before, and the answer was lost
    const bool exists = old && !old->deleted;
    if (mode == PutMode::kCreate && exists) return taken(asked.name);
    if (mode == PutMode::kReplace && !exists) return missing("store.put_action", asked.name);

    Action action = asked;
    action.version = old ? old->action.version + 1 : 1;
    action.created_at = exists ? old->action.created_at : now;
    action.updated_at = now;
    Bson fields = action_fields(action);
    fields.number("nonce", nonce);
    if (!old) {
      Bson document;
      document.text("_id", action_key(action.ns, action.name)).append(fields);
      std::vector<Bson> documents;
      documents.push_back(std::move(document));
      const auto inserted = session.insert(kActions, documents);
      if (!inserted.ok()) return inserted.error();
      if (inserted->failures.empty()) return action;
      if (!inserted->failures.front().duplicate)
        return Error{Code::kInternal, "store.put_action", inserted->failures.front().message};
      continue;
    }
    std::vector<UpdateStatement> statements(1);
    statements[0]
        .query.text("_id", action_key(action.ns, action.name))
        .number("version", old->action.version);
    if (exists)
      statements[0].query.document("deleted", Bson().flag("$ne", true));
    else
      statements[0].query.flag("deleted", true);
    fields.flag("deleted", false);
    statements[0].update.document("$set", fields);
    if (!action.allow) statements[0].update.document("$unset", Bson().flag("allow", true));
    const auto written = session.update(kActions, statements);
    if (!written.ok()) return written.error();
    if (written->matched == 0) continue;
    if (exists) {
      if (Status touched = touch_code(session, old->action.code_hash, now); !touched.ok())
        return touched.error();
    }
    return action;
  }
}

Result<Action> find_action(Session& session, const std::string& ns, const std::string& name) {
  const auto found = read_one(session, ns, name);
  if (!found.ok()) return found.error();
  if (!*found || (*found)->deleted) return missing("store.find_action", name);
  return (*found)->action;
}

Result<std::vector<Action>> list_actions(Session& session, const std::string& ns) {
  std::vector<Action> actions;
  const Bson sort = std::move(Bson().number("name", 1));
  FindOptions options;
  options.sort = &sort;
  const Status found = session.find(
      kActions, Bson().text("ns", ns).document("deleted", Bson().flag("$ne", true)), options,
      [&](const bson_t* document) { actions.push_back(read_action(document).action); });
  if (!found.ok()) return found.error();
  return actions;
}

Result<std::vector<Action>> capped_actions(Session& session) {
  std::vector<Action> actions;
  const Bson query = std::move(Bson()
                                   .document("max_concurrency", Bson().number("$gt", 0))
                                   .document("deleted", Bson().flag("$ne", true)));
  const Status found = session.find(kActions, query, {}, [&](const bson_t* document) {
    actions.push_back(read_action(document).action);
  });
  if (!found.ok()) return found.error();
  return actions;
}

Status delete_action(Session& session, Rules rules, const std::string& ns,
                     const std::string& name) {
  const auto found = read_one(session, ns, name);
  if (!found.ok()) return found.error();
  if (!*found || (*found)->deleted) return missing("store.delete_action", name);
  std::vector<UpdateStatement> statements(1);
  statements[0]
      .query.text("_id", action_key(ns, name))
      .document("deleted", Bson().flag("$ne", true));
  statements[0].update.document("$set", Bson().flag("deleted", true));
  const auto written = session.update(kActions, statements);
  if (!written.ok()) return written.error();
  if (written->matched == 0) return missing("store.delete_action", name);
  return touch_code(session, (*found)->action.code_hash, rules.time.now());
}

Result<CodePtr> find_code(Session& session, const Sha256& hash) {
  CodePtr code;
  const Status found =
      session.find(kCode, Bson().hash("_id", hash), {}, [&](const bson_t* document) {
        code = std::make_shared<const CodeRecord>(read_code(document));
      });
  if (!found.ok()) return found.error();
  if (!code) return Error{Code::kNotFound, "store.find_code", "no code " + hash.hex()};
  return code;
}

Status put_bytecode(Session& session, const Sha256& hash, const std::string& bytecode,
                    const std::string& lua_tag) {
  std::vector<UpdateStatement> statements(1);
  statements[0].query.hash("_id", hash);
  statements[0].update.document("$set",
                                Bson().bytes("bytecode", bytecode).text("lua_tag", lua_tag));
  const auto written = session.update(kCode, statements);
  if (!written.ok()) return written.error();
  if (written->matched == 0)
    return Error{Code::kNotFound, "store.put_bytecode", "no code " + hash.hex()};
  return {};
}

}  // namespace sluice::mongo
