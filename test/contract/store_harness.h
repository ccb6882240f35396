// What the store's tests share: a store of some kind, its executor and clock, and calls that wait
// for their answer.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "store/memory/memory_store.h"
#include "store/mongo/connect.h"
#include "store/mongo/mongo_store.h"
#include "store/mongo/session.h"
#include "store/sqlite/sqlite_store.h"
#include "store/store.h"
#include "test/support/services.h"
#include "test/support/turn_executor.h"

namespace sluice::test {

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = std::filesystem::temp_directory_path() / "sluice-test-XXXXXX";
    if (!mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The store is closed before what it was given.
class StoreHarness {
 public:
  StoreHarness() { options.lease = Millis(10'000); }
  virtual ~StoreHarness() = default;

  virtual void open() = 0;

  // Waits for the answer of a call, and checks that it did not come from inside of it.
  template <class T, class Call>
  T await(Call&& call) {
    std::optional<T> answer;
    bool returned = false;
    call([&](T value) {
      CHECK(returned);
      CHECK_FALSE(answer.has_value());
      answer.emplace(std::move(value));
    });
    returned = true;
    REQUIRE(executor.turn_until([&] { return answer.has_value(); }));
    return std::move(*answer);
  }

  SubmissionPtr submission(const std::function<void(Submission&)>& adjust = {}) {
    Submission made;
    made.id = ids.next();
    made.action = "hello";
    made.action_version = 1;
    made.code_hash = sha256("hello");
    made.limits = {Millis(1'000), 1 << 20};
    made.created_at = clock.wall();
    made.due_at = clock.wall();
    made.payload = R"({"n":1})";
    if (adjust) adjust(made);
    return std::make_shared<const Submission>(std::move(made));
  }

  std::vector<Inserted> insert(std::vector<SubmissionPtr> items, Urgency urgency = Urgency::kNow) {
    return await<std::vector<Inserted>>([&](auto done) { store->insert(items, urgency, done); });
  }
  SubmissionPtr inserted(const std::function<void(Submission&)>& adjust = {}) {
    auto item = submission(adjust);
    const auto results = insert({item});
    REQUIRE(results.size() == 1);
    REQUIRE(results[0].status.ok());
    return item;
  }
  std::vector<Result<Delivery>> claim(std::vector<Uuid> claimed, Uuid token) {
    Claim claim{token, "runner-1", {}};
    return await<std::vector<Result<Delivery>>>(
        [&](auto done) { store->claim(claimed, claim, done); });
  }
  Result<Delivery> claim_one(Uuid id, Uuid token) { return claim({id}, token).at(0); }
  std::vector<Renewed> renew(std::vector<Uuid> renewed, Uuid token) {
    return await<std::vector<Renewed>>([&](auto done) { store->renew(renewed, token, done); });
  }
  std::vector<Status> finish(std::vector<Finish> items, Urgency urgency = Urgency::kNow) {
    return await<std::vector<Status>>([&](auto done) { store->finish(items, urgency, done); });
  }
  std::vector<Status> cancel(std::vector<Uuid> cancelled) {
    return await<std::vector<Status>>([&](auto done) { store->cancel(cancelled, done); });
  }
  Result<Invocation> find(Uuid id) {
    return await<Result<Invocation>>([&](auto done) { store->find(id, done); });
  }
  Status when_recorded(Uuid id) {
    return await<Status>([&](auto done) { store->when_recorded(id, done); });
  }
  Result<DuePage> due(size_t limit = 100, DueCursor after = {}) {
    return await<Result<DuePage>>([&](auto done) { store->due(after, limit, done); });
  }
  Result<std::vector<Invocation>> list(ListQuery query = {}) {
    return await<Result<std::vector<Invocation>>>([&](auto done) { store->list(query, done); });
  }
  Counts count(std::string ns = "default") {
    auto counts = await<Result<Counts>>([&](auto done) { store->count(ns, done); });
    REQUIRE(counts.ok());
    return *counts;
  }
  size_t expire(size_t limit = 100) {
    auto removed = await<Result<size_t>>([&](auto done) { store->expire(limit, done); });
    REQUIRE(removed.ok());
    return *removed;
  }
  Status flush() {
    return await<Status>([&](auto done) { store->flush(done); });
  }

  Result<Action> put(PutMode mode, const std::string& name, const std::string& source,
                     uint32_t max_concurrency = 0, Allow allow = {}) {
    CodeRecord code;
    code.chunk_name = name + ".lua";
    code.source = source;
    code.hash = code_hash_of(code.chunk_name, source);
    code.bytecode = "\x1bLua " + source;
    code.stripped_bytes = 192;
    code.lua_tag = "lua-5.3-test";
    Action action;
    action.name = name;
    action.source_hash = sha256(source);
    action.code_hash = code.hash;
    action.stripped_bytes = 192;
    action.timeout = Millis(500);
    action.memory_kb = 64;
    action.max_concurrency = max_concurrency;
    action.allow = std::move(allow);
    return await<Result<Action>>([&](auto done) { store->put_action(mode, action, code, done); });
  }
  Result<Action> find_action(const std::string& name) {
    return await<Result<Action>>([&](auto done) { store->find_action("default", name, done); });
  }
  // Names and caps, by name.
  std::map<std::string, uint32_t> capped() {
    const auto found =
        await<Result<std::vector<Action>>>([&](auto done) { store->capped_actions(done); });
    REQUIRE(found.ok());
    std::map<std::string, uint32_t> caps;
    for (const Action& action : *found)
      caps[action.ns + "/" + action.name] = action.max_concurrency;
    return caps;
  }
  Status delete_action(const std::string& name) {
    return await<Status>([&](auto done) { store->delete_action("default", name, done); });
  }
  Result<CodePtr> find_code(Sha256 hash) {
    return await<Result<CodePtr>>([&](auto done) { store->find_code(hash, done); });
  }

  Finish finished(Uuid id, Uuid token, const std::string& result = "42") const {
    Finish finish;
    finish.id = id;
    finish.token = token;
    finish.started_at = clock.wall();
    finish.ended_at = clock.wall();
    auto report = std::make_shared<Report>();
    report->outcome = Outcome::kSucceeded;
    report->result = result;
    report->run_time = Micros(17);
    report->cpu_time = Micros(13);
    report->memory_peak_bytes = 4096;
    finish.report = std::move(report);
    return finish;
  }
  Finish returned(Uuid id, Uuid token, Millis retry_after = Millis(0)) const {
    Finish finish = finished(id, token);
    finish.next = Finish::Next::kReturn;
    finish.retry_after = retry_after;
    finish.report = nullptr;
    return finish;
  }
  Finish failed(Uuid id, Uuid token, Finish::Next next, const std::string& message) const {
    Finish finish = finished(id, token);
    finish.next = next;
    auto report = std::make_shared<Report>();
    report->outcome = Outcome::kFailed;
    report->message = message;
    report->traceback = "stack traceback: …";
    report->logs = "a log\n";
    finish.report = std::move(report);
    return finish;
  }

  TurnExecutor executor;
  ManualClock clock;
  Log log{LogOptions{LogLevel::kOff, false, false}};
  UuidGenerator ids{clock};
  StoreOptions options;
  std::unique_ptr<Store> store;
};

class MemoryHarness final : public StoreHarness {
 public:
  MemoryHarness() { open(); }
  void open() override {
    MemoryStoreOptions all;
    all.store = options;
    store = std::make_unique<MemoryStore>(executor, clock, all);
  }
};

class SqliteHarness final : public StoreHarness {
 public:
  SqliteHarness() { open(); }
  // For other options: set them in `adjust`.
  explicit SqliteHarness(std::function<void(SqliteStoreOptions&)> adjust)
      : adjust_(std::move(adjust)) {
    open();
  }
  ~SqliteHarness() override { store.reset(); }

  void open() override {
    auto opened = try_open();
    if (!opened) FAIL(opened.error().text());
    store = std::move(*opened);
  }
  void reopen() {
    store.reset();
    open();
  }
  Result<std::unique_ptr<SqliteStore>> try_open() {
    SqliteStoreOptions all;
    all.data_dir = folder.path();
    all.store = options;
    if (adjust_) adjust_(all);
    return SqliteStore::open(all, executor, clock, log);
  }
  SqliteStore& sqlite() { return static_cast<SqliteStore&>(*store); }

  ScratchFolder folder;

 private:
  std::function<void(SqliteStoreOptions&)> adjust_;
};

// On the MongoDB of scripts/services, in a database of its own. Time is the harness's clock.
class MongoHarness final : public StoreHarness {
 public:
  MongoHarness() { open(); }
  ~MongoHarness() override {
    store.reset();
    Metrics none;
    const auto connector = mongo::Connector::make(uri_, none);
    if (!connector.ok()) return;
    mongo::Session session((*connector)->pool(), (*connector)->database());
    static_cast<void>(session.command(mongo::Bson().number("dropDatabase", 1), nullptr));
  }

  void open() override {
    MongoStoreOptions all;
    all.uri = uri_;
    all.store = options;
    all.clock_instead_of_the_servers = &clock;
    auto opened = MongoStore::open(all, executor, clock, log, metrics);
    if (!opened) FAIL(opened.error().text());
    if (Status ready = (*opened)->ready(); !ready) FAIL(ready.error().text());
    store = std::move(*opened);
  }
  void reopen() {
    store.reset();
    open();
  }

  Metrics metrics;

 private:
  const std::string uri_ = shared_mongo_url() + "/" + unique_name("contract");
};

}  // namespace sluice::test
