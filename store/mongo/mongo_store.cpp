#include "store/mongo/mongo_store.h"

#include <atomic>
#include <unordered_set>
#include <utility>

#include "base/answers.h"
#include "store/mongo/actions.h"
#include "store/mongo/migrations.h"
#include "store/mongo/questions.h"
#include "store/mongo/reader.h"
#include "store/mongo/writer.h"

namespace sluice {

using namespace mongo;

namespace {

std::unique_ptr<ServerTime> time_for(const MongoStoreOptions& options) {
  if (options.clock_instead_of_the_servers)
    return std::make_unique<GivenServerTime>(*options.clock_instead_of_the_servers);
  return std::make_unique<AskedServerTime>();
}

// Where a thread of the store leaves what it got, for the executor's thread to fetch.
template <class T>
struct Box {
  Result<T> value = Error{Code::kInternal, "mongodb", "not asked"};
};

}  // namespace

struct MongoStore::Parts {
  Parts(MongoStoreOptions given, std::unique_ptr<Connector> the_connector, Executor& executor,
        Log& the_log)
      : options(std::move(given)),
        log(the_log),
        answers(executor),
        connector(std::move(the_connector)),
        time(time_for(options)),
        lease_ms(options.store.lease.count()),
        link(*connector, *time, log, [this](Session& session) { return prepare(session); }) {}

  ~Parts() {
    answers.end();
    link.close();
  }

  // On the link's thread, each time the database is reached.
  Status prepare(Session& session) {
    auto migrated = migrate(session, options.store.lease);
    if (!migrated.ok()) return migrated.error();
    for (const std::string& line : migrated->done) log.info("MongoDB: {}", line);
    if (migrated->lease.count() != lease_ms) {
      log.warn("Leases of this fleet last {} ms; the {} ms of this process's settings are not used",
               migrated->lease.count(), lease_ms.load());
      lease_ms = migrated->lease.count();
    }
    return {};
  }

  // Asks the reader, and posts what it got.
  template <class T, class Ask>
  void ask(Ask ask, Done<Result<T>> done) {
    auto box = std::make_shared<Box<T>>();
    reader->ask(
        [box, ask = std::move(ask)](Session& session) -> Status {
          box->value = ask(session);
          return box->value.ok() ? Status() : Status(box->value.error());
        },
        [this, box, done = std::move(done)](const Status& status) {
          if (!status.ok()) box->value = status.error();
          answers.post<Result<T>>(done, std::move(box->value));
        });
  }

  // The same of the writer.
  template <class T, class Run>
  void change(Run run, Done<Result<T>> done) {
    auto box = std::make_shared<Box<T>>();
    writer->say(OtherCall{[box, run = std::move(run)](Session& session) -> Status {
                            box->value = run(session);
                            return box->value.ok() ? Status() : Status(box->value.error());
                          },
                          [this, box, done = std::move(done)](const Status& status) {
                            if (!status.ok()) box->value = status.error();
                            answers.post<Result<T>>(done, std::move(box->value));
                          }});
  }

  Rules rules() const {
    StoreOptions in_force = options.store;
    in_force.lease = Millis(lease_ms);
    return {*time, in_force};
  }

  int64_t nonce() { return static_cast<int64_t>(++nonces * 0x9e3779b97f4a7c15ull >> 1); }

  MongoStoreOptions options;
  Log& log;
  Answers answers;
  const std::unique_ptr<Connector> connector;
  const std::unique_ptr<ServerTime> time;
  std::atomic<int64_t> lease_ms;
  uint64_t nonces = std::random_device{}() | uint64_t{std::random_device{}()} << 32;
  std::unordered_set<Uuid> inserting;  // not answered yet
  // The threads end before what they use.
  Link link;
  std::unique_ptr<Writer> writer;
  std::unique_ptr<Reader> reader;
};

Result<std::unique_ptr<MongoStore>> MongoStore::open(MongoStoreOptions options, Executor& executor,
                                                     const Clock&, Log& log, Metrics& metrics) {
  auto connector = Connector::make(options.uri, metrics);
  if (!connector.ok()) return connector.error();
  auto parts = std::make_unique<Parts>(std::move(options), *std::move(connector), executor, log);
  parts->link.start();
  parts->writer = std::make_unique<Writer>(
      *parts->connector, parts->link, [&my = *parts] { return my.rules(); }, parts->answers, log);
  parts->reader = std::make_unique<Reader>(*parts->connector, parts->link, parts->answers);
  return std::unique_ptr<MongoStore>(new MongoStore(std::move(parts)));
}

MongoStore::MongoStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
MongoStore::~MongoStore() = default;

// ── invocations ──

void MongoStore::insert(std::vector<SubmissionPtr> items, Urgency,
                        Done<std::vector<Inserted>> done) {
  Parts& my = *parts_;
  Status refused = my.link.ready();
  if (refused.ok() && my.inserting.size() + items.size() > my.options.max_inserting)
    refused = Error{Code::kFull, "store.insert", "too many invocations wait to be recorded"};
  if (!refused.ok()) {
    std::vector<Inserted> results;
    for (const SubmissionPtr& item : items) results.push_back({refused, item->id, false});
    return my.answers.post(std::move(done), std::move(results));
  }
  std::vector<Uuid> ids;
  for (const SubmissionPtr& item : items) {
    ids.push_back(item->id);
    my.inserting.insert(item->id);
  }
  my.writer->say(InsertCall{std::move(items), [&my, ids = std::move(ids), done = std::move(done)](
                                                  std::vector<Inserted> results) {
                              for (const Uuid& id : ids) my.inserting.erase(id);
                              if (done) done(std::move(results));
                            }});
}

void MongoStore::claim(std::vector<Uuid> ids, Claim claim,
                       Done<std::vector<Result<Delivery>>> done) {
  if (ids.empty()) return parts_->answers.post(std::move(done), std::vector<Result<Delivery>>());
  parts_->writer->say(ClaimCall{{std::move(ids), std::move(claim)}, std::move(done)});
}

void MongoStore::renew(std::vector<Uuid> ids, Uuid token, Done<std::vector<Renewed>> done) {
  if (ids.empty()) return parts_->answers.post(std::move(done), std::vector<Renewed>());
  parts_->writer->say(RenewCall{{std::move(ids), token}, std::move(done)});
}

void MongoStore::finish(std::vector<Finish> items, Urgency, Done<std::vector<Status>> done) {
  parts_->writer->say(FinishCall{std::move(items), std::move(done)});
}

void MongoStore::when_recorded(Uuid id, Done<Status> done) {
  // Behind its insert, should that be on the way.
  Parts& my = *parts_;
  my.writer->say(OtherCall{
      [id](Session& session) -> Status {
        bool there = false;
        const Bson only_its_id = std::move(Bson().number("_id", 1));
        FindOptions options;
        options.projection = &only_its_id;
        const Status asked = session.find(kInvocations, Bson().uuid("_id", id), options,
                                          [&](const bson_t*) { there = true; });
        if (!asked.ok() || there) return asked;
        return no_invocation("store.when_recorded", id);
      },
      [&my, done = std::move(done)](Status status) { my.answers.post(done, std::move(status)); }});
}

void MongoStore::cancel(std::vector<Uuid> ids, Done<std::vector<Status>> done) {
  parts_->writer->say(CancelCall{std::move(ids), std::move(done)});
}

// ── questions ──

void MongoStore::find(Uuid id, Done<Result<Invocation>> done) {
  Parts& my = *parts_;
  if (!my.inserting.contains(id)) return my.reader->find(id, std::move(done));
  // Its insert is on the way: behind that.
  my.change<Invocation>(
      [id](Session& session) -> Result<Invocation> {
        constexpr Part kAll[] = {Part::kPayload, Part::kResult, Part::kLogs};
        auto found = read_records(session, {id}, kAll);
        if (!found.ok()) return found.error();
        if (found->empty()) return no_invocation("store.find", id);
        return std::move(found->begin()->second.record);
      },
      std::move(done));
}

void MongoStore::due(DueCursor after, size_t limit, Done<Result<DuePage>> done) {
  const Rules rules = parts_->rules();
  parts_->ask<DuePage>([=](Session& session) { return due_page(session, rules, after, limit); },
                       std::move(done));
}

void MongoStore::list(ListQuery query, Done<Result<std::vector<Invocation>>> done) {
  parts_->ask<std::vector<Invocation>>(
      [query = std::move(query)](Session& session) { return list_invocations(session, query); },
      std::move(done));
}

void MongoStore::count(std::string ns, Done<Result<Counts>> done) {
  parts_->ask<Counts>(
      [ns = std::move(ns)](Session& session) { return count_invocations(session, ns); },
      std::move(done));
}

void MongoStore::expire(size_t limit, Done<Result<size_t>> done) {
  const Rules rules = parts_->rules();
  parts_->ask<size_t>([=](Session& session) { return remove_expired(session, rules, limit); },
                      std::move(done));
}

// ── actions ──

void MongoStore::put_action(PutMode mode, Action action, CodeRecord code,
                            Done<Result<Action>> done) {
  const Rules rules = parts_->rules();
  auto what =
      std::make_shared<const std::pair<Action, CodeRecord>>(std::move(action), std::move(code));
  parts_->change<Action>(
      [=, nonce = parts_->nonce()](Session& session) {
        return mongo::put_action(session, rules, mode, what->first, what->second, nonce);
      },
      std::move(done));
}

void MongoStore::find_action(std::string ns, std::string name, Done<Result<Action>> done) {
  parts_->ask<Action>([ns = std::move(ns), name = std::move(name)](
                          Session& session) { return mongo::find_action(session, ns, name); },
                      std::move(done));
}

void MongoStore::list_actions(std::string ns, Done<Result<std::vector<Action>>> done) {
  parts_->ask<std::vector<Action>>(
      [ns = std::move(ns)](Session& session) { return mongo::list_actions(session, ns); },
      std::move(done));
}

void MongoStore::capped_actions(Done<Result<std::vector<Action>>> done) {
  parts_->ask<std::vector<Action>>([](Session& session) { return mongo::capped_actions(session); },
                                   std::move(done));
}

void MongoStore::delete_action(std::string ns, std::string name, Done<Status> done) {
  Parts& my = *parts_;
  const Rules rules = my.rules();
  my.writer->say(OtherCall{
      [=](Session& session) { return mongo::delete_action(session, rules, ns, name); },
      [&my, done = std::move(done)](Status status) { my.answers.post(done, std::move(status)); }});
}

void MongoStore::find_code(Sha256 hash, Done<Result<CodePtr>> done) {
  parts_->ask<CodePtr>([hash](Session& session) { return mongo::find_code(session, hash); },
                       std::move(done));
}

void MongoStore::put_bytecode(Sha256 hash, std::string bytecode, std::string lua_tag,
                              Done<Status> done) {
  Parts& my = *parts_;
  my.writer->say(OtherCall{
      [hash, bytecode = std::move(bytecode), lua_tag = std::move(lua_tag)](Session& session) {
        return mongo::put_bytecode(session, hash, bytecode, lua_tag);
      },
      [&my, done = std::move(done)](Status status) { my.answers.post(done, std::move(status)); }});
}

// ── the store itself ──

void MongoStore::flush(Done<Status> done) {
  Parts& my = *parts_;
  my.writer->say(OtherCall{
      [](Session&) { return Status(); },
      [&my, done = std::move(done)](Status status) { my.answers.post(done, std::move(status)); }});
}

Status MongoStore::ready() const {
  return parts_->link.ready();
}

Millis MongoStore::lease() const {
  return Millis(parts_->lease_ms);
}

}  // namespace sluice
