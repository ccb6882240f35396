// SqliteStore: the life of invocations.
#include "store/lifecycle.h"
#include "store/sqlite/sqlite_store_parts.h"

namespace sluice {

using namespace sqlite;

void SqliteStore::insert(std::vector<SubmissionPtr> items, Urgency urgency,
                         Done<std::vector<Inserted>> done) {
  Parts& my = *parts_;
  auto call = std::make_shared<InsertCall>(items.size(), std::move(done));
  const WallTime now = my.clock.wall();
  size_t waiting = 0;
  for (uint32_t i = 0; i < items.size(); ++i) {
    const SubmissionPtr& item = items[i];
    Inserted& result = call->results[i];
    result.id = item->id;

    Entry* first = item->ikey ? my.ledger.find_by_ikey(*item->ikey) : nullptr;
    if (first) {
      result.id = first->id();
      result.deduplicated = true;
      if (first->in_file) continue;
      my.committer.join(*first, {call, i}, urgency);
      call->expect(1), ++waiting;
    } else if (my.ledger.find(item->id)) {
      result.status =
          Error{Code::kConflict, "store.insert", "invocation " + item->id.text() + " exists"};
    } else if (!my.ledger.has_room_for(*item)) {
      result.status = Error{Code::kFull, "store.insert", "too much waits for the disk"};
    } else {
      Entry& entry =
          my.ledger.add_new({item, lifecycle::begin(*item, now), nullptr}, ++my.last_seq);
      my.committer.mark(entry, urgency, {call, i});
      call->expect(1), ++waiting;
    }
  }
  if (waiting == 0) my.answers.post([call] { call->answer(); });
}

void SqliteStore::hurry(std::vector<Uuid> ids) {
  Parts& my = *parts_;
  for (const Uuid& id : ids) {
    if (Entry* entry = my.ledger.find(id)) my.committer.want(*entry);
  }
}

void SqliteStore::claim(std::vector<Uuid> ids, Claim claim,
                        Done<std::vector<Result<Delivery>>> done) {
  Parts& my = *parts_;
  my.loader->with_entries(std::move(ids), [this, claim = std::move(claim), done = std::move(done)](
                                              const auto& ids, const auto& missing) {
    Parts& my = *parts_;
    const WallTime now = my.clock.wall();
    std::vector<Result<Delivery>> results;
    results.reserve(ids.size());
    for (const Uuid& id : ids) {
      Entry* entry = my.ledger.find(id);
      if (!entry) {
        results.emplace_back(missing.at(id));
        continue;
      }
      Invocation& record = entry->record;
      const auto change = lifecycle::claim(record, claim, now, my.options.store);
      if (change.changed) my.committer.mark(*entry, Urgency::kLinger);
      if (change.status)
        results.emplace_back(Delivery{record.submission, record.progress.attempt,
                                      record.progress.deliveries, entry->in_file});
      else
        results.emplace_back(change.status.error());
    }
    my.answers.post(done, std::move(results));
  });
}

void SqliteStore::renew(std::vector<Uuid> ids, Uuid token, Done<std::vector<Renewed>> done) {
  Parts& my = *parts_;
  // What is not in the ledger is not running. Leases need not outlive the process, so nothing is
  // written.
  std::vector<Renewed> results;
  results.reserve(ids.size());
  for (const Uuid& id : ids) {
    Entry* entry = my.ledger.find(id);
    results.push_back(entry ? lifecycle::renew(entry->record, token, my.clock.wall()) : Renewed{});
  }
  my.answers.post(std::move(done), std::move(results));
}

void SqliteStore::finish(std::vector<Finish> items, Urgency urgency,
                         Done<std::vector<Status>> done) {
  std::vector<Uuid> ids;
  ids.reserve(items.size());
  for (const Finish& item : items) ids.push_back(item.id);
  auto call = std::make_shared<StatusCall>(items.size(), "store.finish", std::move(done));
  parts_->loader->with_entries(std::move(ids), [this, call, urgency, items = std::move(items)](
                                                   const auto&, const auto& missing) {
    Parts& my = *parts_;
    const WallTime now = my.clock.wall();
    size_t waiting = 0;
    for (uint32_t i = 0; i < items.size(); ++i) {
      Entry* entry = my.ledger.find(items[i].id);
      if (!entry) {
        call->results[i] = missing.at(items[i].id);
        continue;
      }
      const auto change = lifecycle::finish(entry->record, items[i], now, my.options.store);
      if (change.changed) {
        my.committer.mark(*entry, urgency, {call, i});
        call->expect(1), ++waiting;
      } else {
        call->results[i] = change.status;
      }
    }
    if (waiting == 0) my.answers.post([call] { call->answer(); });
  });
}

void SqliteStore::when_recorded(Uuid id, Done<Status> done) {
  Parts& my = *parts_;
  Entry* entry = my.ledger.find(id);
  if (entry && !entry->in_file)
    return my.committer.join_insert(*entry, {std::make_shared<RecordedCall>(std::move(done)), 0});
  if (entry) return my.answers.post<Status>(std::move(done), Ok{});
  // Written long ago, or its insert failed: the file knows.
  answer_from_file(id, [done = std::move(done)](const Result<Invocation>& found) {
    if (done) done(found ? Status() : Status(found.error()));
  });
}

void SqliteStore::cancel(std::vector<Uuid> ids, Done<std::vector<Status>> done) {
  auto call = std::make_shared<StatusCall>(ids.size(), "store.cancel", std::move(done));
  parts_->loader->with_entries(std::move(ids), [this, call](const auto& ids, const auto& missing) {
    Parts& my = *parts_;
    const WallTime now = my.clock.wall();
    size_t waiting = 0;
    for (uint32_t i = 0; i < ids.size(); ++i) {
      Entry* entry = my.ledger.find(ids[i]);
      if (!entry) {
        call->results[i] = missing.at(ids[i]);
        continue;
      }
      const auto change = lifecycle::cancel(entry->record, now, my.options.store);
      if (change.changed) {
        my.committer.mark(*entry, Urgency::kNow, {call, i});
        call->expect(1), ++waiting;
      } else {
        call->results[i] = change.status;
      }
    }
    if (waiting == 0) my.answers.post([call] { call->answer(); });
  });
}

void SqliteStore::flush(Done<Status> done) {
  parts_->committer.flush(std::move(done));
}

Millis SqliteStore::lease() const {
  return parts_->options.store.lease;
}

Status SqliteStore::ready() const {
  return parts_->committer.health();
}

}  // namespace sluice
