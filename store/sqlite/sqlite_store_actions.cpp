// SqliteStore: actions and their code.
#include "store/sqlite/sqlite_store_parts.h"

namespace sluice {
namespace {

constexpr size_t kMaxCachedActions = 10'000;

}  // namespace

using namespace sqlite;

void SqliteStore::put_action(PutMode mode, Action action, CodeRecord code,
                             Done<Result<Action>> done) {
  Parts& my = *parts_;
  auto stored = std::make_shared<Result<Action>>(std::move(action));
  auto shared_code = std::make_shared<const CodeRecord>(std::move(code));
  auto job = [mode, stored, shared_code, now = my.clock.wall()](Database& database) -> Status {
    auto put = sqlite::put_action(database, mode, stored->value(), *shared_code, now);
    if (!put) return put.error();
    *stored = std::move(put);
    return Ok{};
  };
  my.committer.run(job, [this, stored, done = std::move(done)](Status status) {
    if (!status) return done(status.error());
    ++parts_->actions_changed;
    parts_->actions.erase({(*stored)->ns, (*stored)->name});
    done(std::move(*stored));
  });
}

void SqliteStore::delete_action(std::string ns, std::string name, Done<Status> done) {
  Parts& my = *parts_;
  auto job = [ns, name, now = my.clock.wall()](Database& database) {
    return sqlite::delete_action(database, ns, name, now);
  };
  my.committer.run(job, [this, ns, name, done = std::move(done)](Status status) {
    ++parts_->actions_changed;
    parts_->actions.erase({ns, name});
    done(std::move(status));
  });
}

void SqliteStore::find_action(std::string ns, std::string name, Done<Result<Action>> done) {
  Parts& my = *parts_;
  const auto cached = my.actions.find({ns, name});
  if (cached != my.actions.end())
    return my.answers.post<Result<Action>>(std::move(done), Action(cached->second));

  auto found = std::make_shared<Result<Action>>(Error{});
  Task then =
      my.answers.guard([this, found, asked_at = my.actions_changed, done = std::move(done)] {
        Parts& my = *parts_;
        if (*found && asked_at == my.actions_changed) {
          if (my.actions.size() >= kMaxCachedActions) my.actions.erase(my.actions.begin());
          my.actions.insert_or_assign({(*found)->ns, (*found)->name}, **found);
        }
        done(std::move(*found));
      });
  my.reader->ask([ns = std::move(ns), name = std::move(name), found,
                  then = std::move(then)](Queries& queries) mutable {
    *found = sqlite::find_action(queries.database(), ns, name);
    return std::move(then);
  });
}

void SqliteStore::list_actions(std::string ns, Done<Result<std::vector<Action>>> done) {
  Parts& my = *parts_;
  auto found = std::make_shared<Result<std::vector<Action>>>(Error{});
  Task then = my.answers.guard([found, done = std::move(done)] { done(std::move(*found)); });
  my.reader->ask([ns = std::move(ns), found, then = std::move(then)](Queries& queries) mutable {
    *found = sqlite::list_actions(queries.database(), ns);
    return std::move(then);
  });
}

void SqliteStore::capped_actions(Done<Result<std::vector<Action>>> done) {
  Parts& my = *parts_;
  auto found = std::make_shared<Result<std::vector<Action>>>(Error{});
  Task then = my.answers.guard([found, done = std::move(done)] { done(std::move(*found)); });
  my.reader->ask([found, then = std::move(then)](Queries& queries) mutable {
    *found = sqlite::capped_actions(queries.database());
    return std::move(then);
  });
}

void SqliteStore::find_code(Sha256 hash, Done<Result<CodePtr>> done) {
  Parts& my = *parts_;
  auto found = std::make_shared<Result<CodePtr>>(Error{});
  Task then = my.answers.guard([found, done = std::move(done)] { done(std::move(*found)); });
  my.reader->ask([hash, found, then = std::move(then)](Queries& queries) mutable {
    *found = sqlite::find_code(queries.database(), hash);
    return std::move(then);
  });
}

void SqliteStore::put_bytecode(Sha256 hash, std::string bytecode, std::string lua_tag,
                               Done<Status> done) {
  parts_->committer.run(
      [hash, bytecode = std::move(bytecode), lua_tag = std::move(lua_tag)](Database& database) {
        return sqlite::put_bytecode(database, hash, bytecode, lua_tag);
      },
      std::move(done));
}

}  // namespace sluice
