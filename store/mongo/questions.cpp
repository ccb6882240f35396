#include "store/mongo/questions.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace sluice::mongo {
namespace {

std::vector<Bson> either(Bson one, Bson other) {
  std::vector<Bson> both;
  both.push_back(std::move(one));
  both.push_back(std::move(other));
  return both;
}

}  // namespace

Result<DuePage> due_page(Session& session, Rules rules, const DueCursor& after, size_t limit) {
  const WallTime now = rules.time.now();
  const WallTime from = WallTime(Millis(std::max<int64_t>(after.due_ms, 0)));
  Bson range;
  range.time("$gte", from).time("$lte", now);

  std::vector<Bson> waiting(2);
  waiting[0].text("state", to_string(State::kQueued));
  waiting[1].text("state", to_string(State::kScheduled));
  std::vector<Bson> claimable;
  claimable.push_back(std::move(waiting[0]));
  claimable.push_back(std::move(waiting[1]));
  claimable.emplace_back();
  claimable.back()
      .text("state", to_string(State::kRunning))
      .document("claim.at", Bson().time("$lte", now - rules.options.lease));

  Bson query;
  query.document("due_at", range);
  std::vector<Bson> all;
  all.emplace_back();
  all.back().array("$or", claimable);
  if (after.due_ms > INT64_MIN) {
    all.emplace_back();
    all.back().array("$or",
                     either(std::move(Bson().document("due_at", Bson().time("$gt", from))),
                            std::move(Bson().document("_id", Bson().uuid("$gt", after.id)))));
  }
  query.array("$and", all);

  const Bson sort = std::move(Bson().number("due_at", 1).number("_id", 1));
  Bson projection;
  for (const char* field : {"ns", "queue", "action", "priority", "due_at"})
    projection.number(field, 1);
  FindOptions options;
  options.sort = &sort;
  options.projection = &projection;
  options.limit = static_cast<int64_t>(limit) + 1;

  DuePage page;
  bool more = false;
  const Status found = session.find(kInvocations, query, options, [&](const bson_t* document) {
    if (page.items.size() == limit) {
      more = true;
      return;
    }
    DueItem item;
    each_field(document, [&](const Field& field) {
      if (field.name() == "_id") item.id = field.uuid();
      if (field.name() == "ns") item.ns = field.text();
      if (field.name() == "queue") item.queue = field.text();
      if (field.name() == "action") item.action = field.text();
      if (field.name() == "priority") item.priority = static_cast<int>(field.number());
      if (field.name() == "due_at") item.due_at = field.time();
    });
    page.items.push_back(std::move(item));
  });
  if (!found.ok()) return found.error();
  if (more) {
    const DueItem& last = page.items.back();
    page.next = DueCursor{last.due_at.time_since_epoch().count(), 0, last.id};
  }
  return page;
}

Result<std::vector<Invocation>> list_invocations(Session& session, const ListQuery& query) {
  Bson filter;
  filter.text("ns", query.ns);
  if (query.action) filter.text("action", *query.action);
  if (query.state) filter.text("state", to_string(*query.state));
  if (query.before) {
    const auto before = read_records(session, {*query.before}, {});
    if (!before.ok()) return before.error();
    if (before->empty()) return no_invocation("store.list", *query.before);
    filter.document("_id", Bson().uuid("$lt", *query.before));
  }
  const Bson sort = std::move(Bson().number("_id", -1));
  Bson projection;
  for (const char* field : {"payload", "outside", "report.result", "report.logs"})
    projection.number(field, 0);
  FindOptions options;
  options.sort = &sort;
  options.projection = &projection;
  options.limit = static_cast<int64_t>(query.limit);

  std::vector<Invocation> invocations;
  Status read;
  const Status found = session.find(kInvocations, filter, options, [&](const bson_t* document) {
    auto stored = read_invocation(document);
    if (stored.ok())
      invocations.push_back(std::move(stored->record));
    else
      read = stored.error();
  });
  if (!found.ok()) return found.error();
  if (!read.ok()) return read.error();
  return invocations;
}

Result<Counts> count_invocations(Session& session, const std::string& ns) {
  std::vector<Bson> pipeline(2);
  pipeline[0].document("$match",
                       Bson().text("ns", ns).document("due_at", Bson().flag("$exists", true)));
  pipeline[1].document("$group", Bson()
                                     .text("_id", "$state")
                                     .document("count", Bson().number("$sum", 1))
                                     .document("oldest", Bson().text("$min", "$due_at")));
  Counts counts;
  const Status asked = session.aggregate(kInvocations, pipeline, [&](const bson_t* document) {
    const auto state = field_of(document, "_id"), count = field_of(document, "count"),
               oldest = field_of(document, "oldest");
    if (!state || !count) return;
    const std::string name = state->text();
    const auto number = static_cast<uint64_t>(count->number());
    if (name == to_string(State::kScheduled)) counts.scheduled = number;
    if (name == to_string(State::kRunning)) counts.running = number;
    if (name == to_string(State::kQueued)) {
      counts.queued = number;
      if (oldest) counts.oldest_due = oldest->time();
    }
  });
  if (!asked.ok()) return asked.error();
  return counts;
}

// ── removing ──

namespace {

Result<bool> any(Session& session, const char* collection, const Bson& query) {
  bool is_there = false;
  const Bson projection = std::move(Bson().number("_id", 1));
  FindOptions options;
  options.projection = &projection;
  options.limit = 1;
  const Status found =
      session.find(collection, query, options, [&](const bson_t*) { is_there = true; });
  if (!found.ok()) return found.error();
  return is_there;
}

Result<std::unordered_set<Sha256>> code_of_actions(Session& session) {
  std::unordered_set<Sha256> named;
  const Bson projection = std::move(Bson().number("code_hash", 1));
  FindOptions options;
  options.projection = &projection;
  const Bson live = std::move(Bson().document("deleted", Bson().flag("$ne", true)));
  const Status found = session.find(kActions, live, options, [&](const bson_t* document) {
    if (const auto hash = field_of(document, "code_hash")) named.insert(hash->hash());
  });
  if (!found.ok()) return found.error();
  return named;
}

// Code that no action and no unfinished invocation refers to, and that nobody let go of lately.
Status remove_unused_code(Session& session, Rules rules) {
  const WallTime before = rules.time.now() - rules.options.code_grace;
  std::vector<Sha256> candidates;
  const Bson projection = std::move(Bson().number("_id", 1));
  FindOptions options;
  options.projection = &projection;
  const Bson untouched = std::move(Bson().document("touched_at", Bson().time("$lte", before)));
  const Status found = session.find(kCode, untouched, options, [&](const bson_t* document) {
    if (const auto id = field_of(document, "_id")) candidates.push_back(id->hash());
  });
  if (!found.ok()) return found;
  if (candidates.empty()) return {};
  const auto named = code_of_actions(session);
  if (!named.ok()) return named.error();
  for (const Sha256& hash : candidates) {
    if (named->contains(hash)) continue;
    const auto needed =
        any(session, kInvocations,
            Bson().hash("code_hash", hash).document("due_at", Bson().flag("$exists", true)));
    if (!needed.ok()) return needed.error();
    if (*needed) continue;
    const auto removed = session.remove(
        kCode, Bson().hash("_id", hash).document("touched_at", Bson().time("$lte", before)));
    if (!removed.ok()) return removed.error();
  }
  return {};
}

}  // namespace

Result<size_t> remove_expired(Session& session, Rules rules, size_t limit) {
  std::vector<Uuid> ids;
  const Bson sort = std::move(Bson().number("expires_at", 1).number("_id", 1));
  const Bson projection = std::move(Bson().number("_id", 1));
  FindOptions options;
  options.sort = &sort;
  options.projection = &projection;
  options.limit = static_cast<int64_t>(limit);
  const Bson over = std::move(Bson().document("expires_at", Bson().time("$lte", rules.time.now())));
  const Status found = session.find(kInvocations, over, options, [&](const bson_t* document) {
    if (const auto id = field_of(document, "_id")) ids.push_back(id->uuid());
  });
  if (!found.ok()) return found.error();
  if (!ids.empty()) {
    const auto removed =
        session.remove(kInvocations, Bson().document("_id", Bson().uuids("$in", ids)));
    if (!removed.ok()) return removed.error();
    if (const auto bodies = session.remove(kBodies, over); !bodies.ok()) return bodies.error();
  }
  if (ids.size() < limit) {
    if (Status code = remove_unused_code(session, rules); !code.ok()) return code.error();
  }
  return ids.size();
}

}  // namespace sluice::mongo
