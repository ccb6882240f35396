// What is asked about many invocations at once, and what removes them when their time is over. Each
// blocks.
#pragma once

#include "store/mongo/batches.h"

namespace sluice::mongo {

Result<DuePage> due_page(Session& session, Rules rules, const DueCursor& after, size_t limit);
Result<std::vector<Invocation>> list_invocations(Session& session, const ListQuery& query);
Result<Counts> count_invocations(Session& session, const std::string& ns);

// Answers how many invocations went. MongoDB's own TTL index does the same; this is exact, and also
// removes code.
Result<size_t> remove_expired(Session& session, Rules rules, size_t limit);

}  // namespace sluice::mongo
