// InsertBatch: one insert for all; then, for those whose id or key is taken, a look at who has it.
#include <utility>

#include "store/lifecycle.h"
#include "store/mongo/batches.h"

namespace sluice::mongo {

InsertBatch::InsertBatch(std::vector<SubmissionPtr> items, Rules rules, int64_t nonce)
    : items_(std::move(items)), rules_(rules), nonce_(nonce) {}

Status InsertBatch::write(Session& session) {
  const WallTime now = rules_.time.now();
  results.assign(items_.size(), {});
  std::vector<Bson> documents;
  std::vector<Body> bodies;
  documents.reserve(items_.size());
  for (size_t i = 0; i < items_.size(); ++i) {
    const Submission& what = *items_[i];
    results[i] = {Status(), what.id, false};
    documents.push_back(invocation_document(what, lifecycle::begin(what, now), nonce_));
    for (const Body& body : bodies_of(what)) bodies.push_back(body);
  }
  if (Status written = write_bodies(session, bodies, std::nullopt); !written.ok()) return written;
  const auto inserted = session.insert(kInvocations, documents);
  if (!inserted.ok()) return inserted.error();

  std::vector<size_t> duplicates;
  for (const Written::Failure& failure : inserted->failures) {
    if (failure.index >= items_.size()) continue;
    if (failure.duplicate)
      duplicates.push_back(failure.index);
    else
      results[failure.index].status = Error{Code::kInternal, "store.insert", failure.message};
  }
  return resolve(session, std::move(duplicates), false);
}

Status InsertBatch::resolve(Session& session, std::vector<size_t> duplicates, bool last) {
  if (duplicates.empty()) return {};
  std::vector<Uuid> ids;
  for (const size_t i : duplicates) ids.push_back(items_[i]->id);
  const auto present = read_records(session, ids, {});
  if (!present.ok()) return present.error();

  std::vector<size_t> vanished;
  for (const size_t i : duplicates) {
    const Submission& what = *items_[i];
    if (const auto same = present->find(what.id); same != present->end()) {
      // The same id: our own insert, whose answer was lost, or another's.
      if (same->second.nonce != nonce_) {
        results[i].status =
            Error{Code::kConflict, "store.insert", "invocation " + what.id.text() + " exists"};
      }
      continue;
    }
    std::optional<Uuid> first;
    if (what.ikey) {
      const Bson projection = std::move(Bson().number("_id", 1));
      FindOptions options;
      options.projection = &projection;
      const Status found = session.find(kInvocations, Bson().hash("ikey", *what.ikey), options,
                                        [&](const bson_t* document) {
                                          if (const auto id = field_of(document, "_id"))
                                            first = id->uuid();
                                        });
      if (!found.ok()) return found;
    }
    if (first)
      results[i] = {Status(), *first, true};
    else
      vanished.push_back(i);
  }
  if (vanished.empty()) return {};

  // Who had the key has gone in the meantime.
  if (last) return Error{Code::kUnavailable, "store.insert", "a record comes and goes"};
  std::vector<Bson> documents;
  for (const size_t i : vanished) {
    const Submission& what = *items_[i];
    documents.push_back(
        invocation_document(what, lifecycle::begin(what, rules_.time.now()), nonce_));
  }
  const auto again = session.insert(kInvocations, documents);
  if (!again.ok()) return again.error();
  std::vector<size_t> still;
  for (const Written::Failure& failure : again->failures) still.push_back(vanished[failure.index]);
  return resolve(session, std::move(still), true);
}

}  // namespace sluice::mongo
