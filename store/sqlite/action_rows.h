// Actions and code as rows. Writes run within the caller's transaction.
#pragma once

#include <vector>

#include "store/sqlite/database.h"
#include "store/store.h"

namespace sluice::sqlite {

Result<Action> put_action(Database& database, PutMode mode, Action action, const CodeRecord& code,
                          WallTime now);
Status delete_action(Database& database, const std::string& ns, const std::string& name,
                     WallTime now);
Result<Action> find_action(Database& database, const std::string& ns, const std::string& name);
Result<std::vector<Action>> list_actions(Database& database, const std::string& ns);
Result<std::vector<Action>> capped_actions(Database& database);

Result<CodePtr> find_code(Database& database, const Sha256& hash);
Status put_bytecode(Database& database, const Sha256& hash, const std::string& bytecode,
                    const std::string& lua_tag);

}  // namespace sluice::sqlite
