// ClaimBatch and RenewBatch: who runs what, and for how long.
#include <map>
#include <utility>

#include "store/lifecycle.h"
#include "store/mongo/batches.h"

namespace sluice::mongo {
void Held::put(const Uuid& token, const Invocation& record) {
  records_.insert_or_assign(record.submission->id, Entry{token, record});
}

const Invocation* Held::find(const Uuid& id, const Uuid& token) const {
  const auto found = records_.find(id);
  return found != records_.end() && found->second.token == token ? &found->second.record : nullptr;
}

// ── claiming ──

ClaimBatch::ClaimBatch(std::vector<ClaimRequest> requests, Rules rules, Held& held)
    : requests_(std::move(requests)), rules_(rules), held_(held) {}

Status ClaimBatch::write(Session& session) {
  const WallTime now = rules_.time.now();
  std::vector<UpdateStatement> statements;
  std::vector<Uuid> all;
  for (const ClaimRequest& request : requests_) {
    all.insert(all.end(), request.ids.begin(), request.ids.end());
    Bson set, stamp;
    set.text("state", to_string(State::kRunning))
        .uuid("claim.token", request.claim.token)
        .text("claim.runner", request.claim.runner);
    rules_.time.stamp("claim.at", set, stamp);
    const auto update = [&](std::initializer_list<const char*> counted) {
      Bson update, inc;
      for (const char* field : counted) inc.number(field, 1);
      update.document("$set", set).document("$inc", inc);
      if (!stamp.empty()) update.document("$currentDate", stamp);
      return update;
    };

    std::vector<Bson> waiting(2);
    waiting[0].text("state", to_string(State::kQueued));
    waiting[1]
        .text("state", to_string(State::kScheduled))
        .document("due_at", Bson().time("$lte", now));
    UpdateStatement first;
    first.query.document("_id", Bson().uuids("$in", request.ids)).array("$or", waiting);
    first.update = update({"attempt", "deliveries"});
    first.multi = true;
    statements.push_back(std::move(first));

    // A delivery whose lease was lost never counted as an attempt: its number is given again.
    UpdateStatement second;
    second.query.document("_id", Bson().uuids("$in", request.ids))
        .text("state", to_string(State::kRunning))
        .document("claim.at", Bson().time("$lte", now - rules_.options.lease))
        .document("cancel_requested", Bson().flag("$ne", true));
    second.update = update({"deliveries"});
    second.multi = true;
    statements.push_back(std::move(second));
  }
  const auto written = session.update(kInvocations, statements);
  if (!written.ok()) return written.error();
  constexpr Part kNeeded[] = {Part::kPayload};
  auto records = read_records(session, all, kNeeded);
  if (!records.ok()) return records.error();

  results.assign(requests_.size(), {});
  std::vector<Invocation> cancelled;
  std::map<std::pair<Uuid, Uuid>, const Invocation*> won;  // by token and id
  for (size_t r = 0; r < requests_.size(); ++r) {
    const Claim& claim = requests_[r].claim;
    for (const Uuid& id : requests_[r].ids) {
      const auto found = records->find(id);
      if (found == records->end()) {
        results[r].push_back(no_invocation("store.claim", id));
        continue;
      }
      Invocation& record = found->second.record;
      Progress& progress = record.progress;
      const bool is_ours = progress.state == State::kRunning && progress.claim &&
                           progress.claim->token == claim.token &&
                           !held_.find(id, claim.token);  // by an earlier call
      if (is_ours && won.try_emplace({claim.token, id}, &record).second) {
        results[r].push_back(
            Delivery{record.submission, progress.attempt, progress.deliveries, true});
        continue;
      }
      // Not ours: the rules say why. It may be one that was to be cancelled when its runner got
      // lost.
      Invocation copy = record;
      const lifecycle::Change change = lifecycle::claim(copy, claim, now, rules_.options);
      if (!change.status.ok() && change.changed) cancelled.push_back(record);
      results[r].push_back(change.status.ok()
                               ? Error{Code::kRefused, "store.claim", "another was quicker"}
                               : change.status.error());
    }
  }
  if (Status ended = end_cancelled(session, std::move(cancelled)); !ended.ok()) return ended;
  // Only now: where this is written again, what was won is no earlier call's.
  for (const auto& [name, record] : won) held_.put(name.first, *record);
  return {};
}

Status ClaimBatch::end_cancelled(Session& session, std::vector<Invocation> lost) {
  if (lost.empty()) return {};
  std::vector<UpdateStatement> statements;
  for (Invocation& record : lost) {
    UpdateStatement statement;
    statement.query.uuid("_id", record.submission->id)
        .uuid("claim.token", record.progress.claim->token)
        .time("claim.at", record.progress.claim->at);
    lifecycle::claim(record, Claim{}, rules_.time.now(), rules_.options);
    statement.update = changes_of(record, true).update();
    statements.push_back(std::move(statement));
  }
  const auto written = session.update(kInvocations, statements);
  return written.ok() ? Status() : Status(written.error());
}

// ── renewing ──

RenewBatch::RenewBatch(std::vector<RenewRequest> requests, Rules rules, Held& held)
    : requests_(std::move(requests)), rules_(rules), held_(held) {}

Status RenewBatch::write(Session& session) {
  std::vector<UpdateStatement> statements;
  std::vector<Uuid> all;
  for (const RenewRequest& request : requests_) {
    all.insert(all.end(), request.ids.begin(), request.ids.end());
    UpdateStatement statement;
    statement.query.document("_id", Bson().uuids("$in", request.ids))
        .uuid("claim.token", request.token)
        .text("state", to_string(State::kRunning));
    Bson set, stamp;
    rules_.time.stamp("claim.at", set, stamp);
    if (!set.empty()) statement.update.document("$set", set);
    if (!stamp.empty()) statement.update.document("$currentDate", stamp);
    statement.multi = true;
    statements.push_back(std::move(statement));
  }
  const auto written = session.update(kInvocations, statements);
  if (!written.ok()) return written.error();

  struct Standing {
    Uuid token;
    bool cancel = false;
  };
  std::unordered_map<Uuid, Standing> standings;
  const Bson projection = std::move(Bson().number("claim.token", 1).number("cancel_requested", 1));
  FindOptions options;
  options.projection = &projection;
  const Status found = session.find(
      kInvocations, Bson().document("_id", Bson().uuids("$in", all)), options,
      [&](const bson_t* document) {
        const auto id = field_of(document, "_id"), token = field_of(document, "claim.token"),
                   cancel = field_of(document, "cancel_requested");
        if (id) standings[id->uuid()] = {token ? token->uuid() : Uuid{}, cancel && cancel->flag()};
      });
  if (!found.ok()) return found;

  results.assign(requests_.size(), {});
  for (size_t r = 0; r < requests_.size(); ++r) {
    for (const Uuid& id : requests_[r].ids) {
      const auto standing = standings.find(id);
      Renewed renewed;
      if (standing == standings.end() || standing->second.token != requests_[r].token) {
        renewed.answer = Renewed::Answer::kLost;
        if (held_.find(id, requests_[r].token)) held_.drop(id);
      } else {
        renewed.answer =
            standing->second.cancel ? Renewed::Answer::kCancel : Renewed::Answer::kKept;
      }
      results[r].push_back(renewed);
    }
  }
  return {};
}

}  // namespace sluice::mongo
