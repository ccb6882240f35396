// SqliteStore: what it is asked about invocations, and the removal of old ones.
#include <algorithm>

#include "store/lifecycle.h"
#include "store/sqlite/sqlite_store_parts.h"

namespace sluice {

using namespace sqlite;

void SqliteStore::find(Uuid id, Done<Result<Invocation>> done) {
  Parts& my = *parts_;
  Entry* entry = my.ledger.find(id);
  const bool unwritten = entry && (entry->changed || entry->committing);
  if (entry && !unwritten)
    return my.answers.post<Result<Invocation>>(std::move(done), Invocation(entry->record));
  // While nothing can be written, the answer is what the file says.
  if (!entry || !my.committer.health()) return answer_from_file(id, std::move(done));
  my.committer.join(*entry, {std::make_shared<FindCall>(std::move(done)), 0}, Urgency::kLinger);
}

void SqliteStore::answer_from_file(Uuid id, Done<Result<Invocation>> done) {
  Parts& my = *parts_;
  auto found = std::make_shared<Result<Invocation>>(Error{});
  Task then = my.answers.guard([found, done = std::move(done)] { done(std::move(*found)); });
  my.reader->ask([id, found, then = std::move(then)](Queries& queries) mutable {
    auto stored = queries.find(id);
    if (stored)
      *found = std::move(stored->record);
    else
      *found = stored.error();
    return std::move(then);
  });
}

// Reads on until the page is full: the file also holds what the ledger knows to be claimed.
struct SqliteStore::DueSearch {
  WallTime now{};
  DueCursor position;
  size_t limit = 0;
  DuePage page;
  Done<Result<DuePage>> done;
};

void SqliteStore::due(DueCursor after, size_t limit, Done<Result<DuePage>> done) {
  auto search = std::make_shared<DueSearch>();
  search->now = parts_->clock.wall();
  search->position = after;
  search->limit = limit;
  search->done = std::move(done);
  search_due(std::move(search));
}

void SqliteStore::search_due(std::shared_ptr<DueSearch> search) {
  Parts& my = *parts_;
  const size_t wanted =
      search->limit - search->page.items.size() + 1;  // one more: is there a next?
  using Rows = Result<std::vector<DueRow>>;
  auto rows = std::make_shared<Rows>(Error{});
  Task then = my.answers.guard([this, search, rows, wanted] {
    if (!*rows) return search->done(rows->error());
    const Parts& my = *parts_;
    for (DueRow& row : **rows) {
      const Entry* entry = my.ledger.find(row.item.id);
      const bool is_due = entry ? lifecycle::is_claimable(entry->record.progress, search->now,
                                                          my.options.store.lease)
                                : row.state != State::kRunning;
      if (is_due && search->page.items.size() == search->limit) {
        search->page.next = search->position;
        return search->done(std::move(search->page));
      }
      if (is_due) search->page.items.push_back(std::move(row.item));
      search->position = row.cursor;
    }
    if ((*rows)->size() < wanted) return search->done(std::move(search->page));
    search_due(search);
  });
  my.reader->ask([search, rows, wanted, then = std::move(then)](Queries& queries) mutable {
    *rows = queries.due(search->now, search->position, wanted);
    return std::move(then);
  });
}

void SqliteStore::list(ListQuery query, Done<Result<std::vector<Invocation>>> done) {
  Parts& my = *parts_;
  auto found = std::make_shared<Result<std::vector<Invocation>>>(Error{});
  Task then = my.answers.guard([found, done = std::move(done)] { done(std::move(*found)); });
  my.reader->ask(
      [query = std::move(query), found, then = std::move(then)](Queries& queries) mutable {
        *found = queries.list(query);
        return std::move(then);
      });
}

void SqliteStore::count(std::string ns, Done<Result<Counts>> done) {
  Parts& my = *parts_;
  auto counts = std::make_shared<Result<Counts>>(Error{});
  Task then = my.answers.guard([counts, done = std::move(done)] { done(std::move(*counts)); });
  my.reader->ask([ns = std::move(ns), counts, then = std::move(then)](Queries& queries) mutable {
    *counts = queries.count(ns);
    return std::move(then);
  });
}

// Removes records; when a round is over, looks for code that nothing needs (on the reader, since it
// may take long), and removes that.
void SqliteStore::expire(size_t limit, Done<Result<size_t>> done) {
  Parts& my = *parts_;
  const WallTime now = my.clock.wall();
  auto removed = std::make_shared<Result<size_t>>(size_t{0});
  auto job = [&expiry = my.expiry, now, limit, removed](Database& database) -> Status {
    *removed = expiry.step(database, now, limit);
    return *removed ? Status{} : Status(removed->error());
  };
  my.committer.run(job, [this, now, limit, removed, done = std::move(done)](Status status) {
    if (!status) return done(status.error());
    const size_t count = **removed;
    if (count == limit) return done(count);

    Parts& my = *parts_;
    const WallTime before = now - my.options.store.code_grace;
    auto unused = std::make_shared<Result<std::vector<Sha256>>>(Error{});
    Task then = my.answers.guard([this, unused, before, count, done] {
      if (!*unused) return done(unused->error());
      // What was submitted since may need it: its insert may still wait.
      std::erase_if(**unused, [this](const Sha256& hash) {
        bool needed = false;
        parts_->ledger.for_each([&](const Entry& entry) {
          needed = needed || entry.record.submission->code_hash == hash;
        });
        return needed;
      });
      if ((*unused)->empty()) return done(count);
      parts_->committer.run(
          [unused, before](Database& database) { return remove_code(database, **unused, before); },
          [count, done](Status status) {
            if (!status) return done(status.error());
            done(count);
          });
    });
    my.reader->ask([unused, before, then = std::move(then)](Queries& queries) mutable {
      *unused = unreferenced_code(queries.database(), before);
      return std::move(then);
    });
  });
}

}  // namespace sluice
