#include "store/mongo/migrations.h"

#include <set>
#include <utility>

namespace sluice::mongo {
namespace {

struct Index {
  const char* collection;
  const char* name;
  Bson (*describe)();
};

// What each serves. Names carry a version: a changed index is a new one, and the old one goes a
// release later.
const Index kIndexes[] = {
    // What is due, in its order: only unfinished records have a due_at.
    {kInvocations, "due_1",
     [] {
       Bson index;
       index.document("key", Bson().number("due_at", 1).number("_id", 1));
       index.document("partialFilterExpression",
                      Bson().document("due_at", Bson().flag("$exists", true)));
       return index;
     }},
    // One invocation for an idempotency key.
    {kInvocations, "ikey_1",
     [] {
       Bson index;
       index.document("key", Bson().number("ikey", 1)).flag("unique", true).flag("sparse", true);
       return index;
     }},
    // Finished records go by themselves.
    {kInvocations, "expiry_1",
     [] {
       Bson index;
       index.document("key", Bson().number("expires_at", 1)).number("expireAfterSeconds", 0);
       return index;
     }},
    {kBodies, "expiry_1",
     [] {
       Bson index;
       index.document("key", Bson().number("expires_at", 1)).number("expireAfterSeconds", 0);
       return index;
     }},
    // Lists, newest first.
    {kInvocations, "list_1",
     [] {
       Bson index;
       index.document("key", Bson().number("ns", 1).number("_id", -1));
       return index;
     }},
    // Whether code is still needed, by an action or by what has not ended.
    {kInvocations, "code_1",
     [] {
       Bson index;
       index.document("key", Bson().number("code_hash", 1));
       index.document("partialFilterExpression",
                      Bson().document("due_at", Bson().flag("$exists", true)));
       return index;
     }},
    {kActions, "list_1",
     [] {
       Bson index;
       index.document("key", Bson().number("ns", 1).number("name", 1));
       return index;
     }},
    // Those few with a cap, which every runner asks for now and then.
    {kActions, "capped_1",
     [] {
       Bson index;
       index.document("key", Bson().number("max_concurrency", 1));
       index.document("partialFilterExpression",
                      Bson().document("max_concurrency", Bson().number("$gt", 0)));
       return index;
     }},
};

Result<std::set<std::string>> index_names(Session& session, const char* collection) {
  std::set<std::string> names;
  const Status listed =
      session.command(Bson().text("listIndexes", collection), [&](const bson_t* reply) {
        const auto batch = field_of(reply, "cursor.firstBatch");
        if (!batch) return;
        batch->each([&](const Field& index) {
          index.each([&](const Field& field) {
            if (field.name() == "name") names.insert(field.text());
          });
        });
      });
  // A collection that is not there yet has none.
  if (!listed.ok() && listed.error().code == Code::kUnavailable) return listed.error();
  return names;
}

Status make_index(Session& session, const Index& index) {
  std::vector<Bson> indexes;
  indexes.push_back(index.describe());
  indexes.back().text("name", index.name);
  return session.command(Bson().text("createIndexes", index.collection).array("indexes", indexes),
                         nullptr);
}

// The document that all of a fleet agree on. Who comes first writes it.
Status read_meta(Session& session, Millis lease, int64_t& schema, Millis& agreed) {
  Bson first;
  first.document("$setOnInsert",
                 Bson().number("schema", kSchemaVersion).number("lease_ms", lease.count()));
  std::vector<UpdateStatement> statements(1);
  statements[0].query.text("_id", "fleet");
  statements[0].update = std::move(first);
  statements[0].upsert = true;
  const auto written = session.update(kMeta, statements);
  if (!written.ok()) return written.error();
  return session.find(kMeta, Bson().text("_id", "fleet"), {}, [&](const bson_t* document) {
    if (const auto field = field_of(document, "schema")) schema = field->number();
    if (const auto field = field_of(document, "lease_ms")) agreed = Millis(field->number());
  });
}

}  // namespace

Result<Migrated> migrate(Session& session, Millis lease) {
  Migrated migrated;
  int64_t schema = 0;
  if (Status read = read_meta(session, lease, schema, migrated.lease); !read.ok())
    return read.error();
  if (schema > kSchemaVersion) {
    return Error{Code::kInternal, "mongodb.migrate",
                 "the database is of a later release (schema " + std::to_string(schema) +
                     ", this one knows " + std::to_string(kSchemaVersion) + ")"};
  }
  std::string collection;
  std::set<std::string> present;
  for (const Index& index : kIndexes) {
    if (collection != index.collection) {
      auto names = index_names(session, index.collection);
      if (!names.ok()) return names.error();
      present = *std::move(names);
      collection = index.collection;
    }
    if (present.contains(index.name)) continue;
    if (Status made = make_index(session, index); !made.ok()) return made.error();
    migrated.done.push_back("made the index " + std::string(index.name) + " of " +
                            index.collection);
  }
  return migrated;
}

}  // namespace sluice::mongo
