// Actions and code. Each call blocks; those that write may be repeated after kUnavailable.
#pragma once

#include "store/mongo/batches.h"

namespace sluice::mongo {

// `nonce`: of this call alone, to recognise its own write.
Result<Action> put_action(Session& session, Rules rules, PutMode mode, const Action& action,
                          const CodeRecord& code, int64_t nonce);
Result<Action> find_action(Session& session, const std::string& ns, const std::string& name);
Result<std::vector<Action>> list_actions(Session& session, const std::string& ns);
Result<std::vector<Action>> capped_actions(Session& session);
Status delete_action(Session& session, Rules rules, const std::string& ns, const std::string& name);

Result<CodePtr> find_code(Session& session, const Sha256& hash);
Status put_bytecode(Session& session, const Sha256& hash, const std::string& bytecode,
                    const std::string& lua_tag);

}  // namespace sluice::mongo
