// What a runner lives in, with a pool that does what the test says.
#pragma once

#include <catch2/catch.hpp>
#include <deque>

#include "base/clock.h"
#include "queue/local/local_queue.h"
#include "runner/runner.h"
#include "store/memory/memory_store.h"
#include "test/support/turn_executor.h"

namespace sluice::test {

class FakePool final : public sandbox::Pool {
 public:
  struct Given {
    sandbox::Job job;
    std::function<void(sandbox::Execution)> done;
  };

  size_t room() const override { return jobs.size() < capacity ? capacity - jobs.size() : 0; }
  void run(sandbox::Job job, std::function<void(sandbox::Execution)> done) override {
    jobs.push_back({std::move(job), std::move(done)});
  }
  void cancel(const Uuid& id) override { cancelled.push_back(id); }
  void serve_calls(sandbox::CallServer* server) override { calls = server; }
  size_t waiting() const override { return waiting_jobs; }
  void on_room(std::function<void()> listener) override { room_listener = std::move(listener); }
  void stop(Millis, std::function<void()> done) override {
    stopped = true;
    while (!jobs.empty()) end(sandbox::Execution::Fate::kReturned, {});
    done();
  }

  // Ends the oldest job.
  void end(sandbox::Execution::Fate fate, Report report) {
    Given given = std::move(jobs.front());
    jobs.pop_front();
    given.done({fate, std::move(report), WallTime{}});
    if (room_listener) room_listener();
  }
  void succeed(std::string result) {
    Report report;
    report.outcome = Outcome::kSucceeded;
    report.result = std::move(result);
    end(sandbox::Execution::Fate::kFinished, std::move(report));
  }

  size_t capacity = 4;
  size_t waiting_jobs = 0;
  std::deque<Given> jobs;
  std::function<void()> room_listener;
  std::vector<Uuid> cancelled;
  sandbox::CallServer* calls = nullptr;
  bool stopped = false;
};

// Compiles by saying so.
class FakeCompiler final : public Compiler {
 public:
  void compile(Source source, std::function<void(Result<Bytecode>)> done) override {
    ++compiled;
    if (hold) {
      held.push_back(std::move(done));
    } else {
      done(Bytecode{"bytecode of " + source.text, 10, "this build"});
    }
  }
  Status ready() const override { return refuse ? Status(*refuse) : Status(); }
  std::optional<Error> refuse;
  int compiled = 0;
  bool hold = false;
  std::vector<std::function<void(Result<Bytecode>)>> held;
};

// Answers when the test says so.
class FakePlugins final : public plugins::Plugins {
 public:
  struct Given {
    plugins::CallId id;
    plugins::Call call;
    std::function<void(plugins::Answer)> done;
  };

  const std::vector<std::string>& names() const override { return configured; }
  plugins::CallId call(plugins::Call call, std::function<void(plugins::Answer)> done) override {
    calls.push_back({++last, std::move(call), std::move(done)});
    return last;
  }
  void hang_up(plugins::CallId id) override {
    hung_up.push_back(id);
    std::erase_if(calls, [id](const Given& given) { return given.id == id; });
  }

  // Answers the oldest call.
  void answer(bool ok, std::string text) {
    Given given = std::move(calls.front());
    calls.pop_front();
    given.done({ok, std::move(text)});
  }

  std::vector<std::string> configured = {"http", "kv", "mongo"};
  std::deque<Given> calls;  // without an answer yet
  std::vector<plugins::CallId> hung_up;
  plugins::CallId last = 0;
};

struct World {
  TurnExecutor executor;
  ManualClock clock;
  MemoryStore store{executor, clock};
  LocalQueue queue{executor};
  FakePool pool;
  FakeCompiler compiler;
  FakePlugins plugins;
  Seal seal{SealKey::random()};
  Log log{LogOptions{LogLevel::kOff}};
  Metrics metrics;
  UuidGenerator ids{clock};
  Sha256 code;
  std::vector<Announcement> news;
  runner::RunnerOptions options;

  World() {
    options.lua_tag = "this build";
    queue.subscribe([this](std::span<const Announcement> batch) {
      news.insert(news.end(), batch.begin(), batch.end());
    });
    code = put_code("hello", "function main() end", "this build");
  }

  runner::RunnerParts parts() { return parts(store); }
  runner::RunnerParts parts(Store& decorated) {
    return {executor, decorated, queue, pool, compiler, plugins, seal, clock, log, metrics};
  }

  Sha256 put_code(const std::string& name, const std::string& source, const std::string& lua_tag) {
    const Sha256 hash = code_hash_of(name + ".lua", source);
    KeptBytecode kept = seal.close(hash, lua_tag, "stored");
    return put_record(
        name, {hash, name + ".lua", source, std::move(kept.bytes), 10, std::move(kept.tag)});
  }

  // Code, and an action that has it.
  Sha256 put_record(const std::string& name, CodeRecord record) {
    Action action;
    action.name = name;
    action.code_hash = record.hash;
    const Sha256 hash = record.hash;
    bool put = false;
    store.put_action(PutMode::kCreate, action, std::move(record),
                     [&](const Result<Action>& stored) { put = stored.ok(); });
    executor.turn();
    REQUIRE(put);
    return hash;
  }

  SubmissionPtr submission(const std::string& action = "hello", Millis due_in = Millis(0)) {
    auto made = std::make_shared<Submission>();
    made->id = ids.next();
    made->action = action;
    made->code_hash = code;
    made->limits = {Millis(1'000), 1 << 20};
    made->created_at = clock.wall();
    made->due_at = clock.wall() + due_in;
    made->payload = "{}";
    return made;
  }

  // Inserts, and pushes unless told otherwise.
  Uuid submit(SubmissionPtr made, bool push = true) {
    const Uuid id = made->id;
    const Lane lane{made->ns, made->queue, made->action, made->priority};
    store.insert({std::move(made)}, Urgency::kNow,
                 [](const std::vector<Inserted>& inserted) { REQUIRE(inserted[0].status.ok()); });
    if (push) queue.push({{id, lane}}, nullptr);
    executor.turn();
    return id;
  }
  Uuid submit() { return submit(submission()); }

  Invocation find(const Uuid& id) {
    Invocation found;
    store.find(id, [&](Result<Invocation> result) {
      REQUIRE(result.ok());
      found = *std::move(result);
    });
    executor.turn();
    return found;
  }

  Depth depth() {
    Depth found;
    queue.depth([&](const Result<Depth>& result) { found = *result; });
    executor.turn();
    return found;
  }

  bool announced(const Uuid& id, Announcement::Phase phase) const {
    for (const Announcement& item : news) {
      if (item.id == id && item.phase == phase) return true;
    }
    return false;
  }
};

}  // namespace sluice::test
