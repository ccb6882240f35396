// Records and what of them lies outside: reading them together, writing the outside first.
#include <algorithm>
#include <string>

#include "store/mongo/batches.h"

namespace sluice::mongo {

Error no_invocation(const char* operation, const Uuid& id) {
  return {Code::kNotFound, operation, "no invocation " + id.text()};
}

Result<std::unordered_map<Uuid, StoredInvocation>> read_records(Session& session,
                                                                const std::vector<Uuid>& ids,
                                                                std::span<const Part> parts) {
  std::unordered_map<Uuid, StoredInvocation> records;
  if (ids.empty()) return records;
  Status read;
  Bson query;
  query.document("_id", Bson().uuids("$in", ids));
  const Status found = session.find(kInvocations, query, {}, [&](const bson_t* document) {
    auto stored = read_invocation(document);
    if (!stored.ok()) {
      read = stored.error();
      return;
    }
    const Uuid id = stored->record.submission->id;
    records.insert_or_assign(id, *std::move(stored));
  });
  if (!found.ok()) return found.error();
  if (!read.ok()) return read.error();

  std::unordered_map<std::string, std::pair<StoredInvocation*, Part>> wanted;
  for (auto& [id, stored] : records) {
    for (const Part part : stored.outside) {
      if (std::find(parts.begin(), parts.end(), part) != parts.end())
        wanted[body_key(id, part)] = {&stored, part};
    }
  }
  // One at a time: each may be as large as a document can be.
  for (const auto& [key, where] : wanted) {
    StoredInvocation& stored = *where.first;
    const Part part = where.second;
    const Status fetched =
        session.find(kBodies, Bson().bytes("_id", key), {}, [&](const bson_t* document) {
          if (const auto bytes = field_of(document, "bytes")) put_body(stored, part, bytes->text());
        });
    if (!fetched.ok()) return fetched.error();
  }
  return records;
}

Status write_bodies(Session& session, const std::vector<Body>& bodies,
                    std::optional<WallTime> expires_at) {
  std::vector<UpdateStatement> statements(bodies.size());
  for (size_t i = 0; i < bodies.size(); ++i) {
    Bson set;
    set.bytes("bytes", bodies[i].bytes);
    if (expires_at) set.time("expires_at", *expires_at);
    statements[i].query.bytes("_id", body_key(bodies[i].id, bodies[i].part));
    statements[i].update.document("$set", set);
    statements[i].upsert = true;
  }
  if (statements.empty()) return {};
  const auto written = session.update(kBodies, statements);
  if (!written.ok()) return written.error();
  if (!written->failures.empty())
    return Error{Code::kInternal, "store.body", written->failures.front().message};
  return {};
}

}  // namespace sluice::mongo
