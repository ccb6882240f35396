// What the API works against in tests: a compiler without Lua, a runner moved by hand, and a store
// whose answers can be held back or made to fail.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "queue/queue.h"
#include "sandbox/compiler.h"
#include "store/store.h"

namespace sluice::test {

// Compiles everything but sources that contain "syntax error".
class FakeCompiler final : public Compiler {
 public:
  explicit FakeCompiler(Executor& executor) : executor_(executor) {}

  void compile(Source source, std::function<void(Result<Bytecode>)> done) override {
    ++compiled;
    executor_.post([source = std::move(source), done = std::move(done)] {
      if (source.text.find("syntax error") != std::string::npos)
        return done(Error{Code::kInvalid, "compile", source.chunk_name + ":1: syntax error"});
      done(Bytecode{"bytecode of " + source.text, source.text.size() + 100, "lua-test"});
    });
  }

  int compiled = 0;

 private:
  Executor& executor_;
};

// Takes what is on the queue and ends it as `behaviour` says: at once, or when told.
class FakeRunner {
 public:
  using Behaviour = std::function<Report(const Submission&)>;

  FakeRunner(Executor& executor, Store& store, Queue& queue, const Clock& clock)
      : executor_(executor), store_(store), queue_(queue), clock_(clock), tokens_(clock) {}

  // Answers every payload with itself.
  Behaviour behaviour = [](const Submission& submission) {
    Report report;
    report.outcome = Outcome::kSucceeded;
    report.result = submission.payload.empty() ? "null" : submission.payload;
    return report;
  };
  bool announces_reports = true;  // false: ids alone, as between processes
  size_t runs = 0;

  void start() {
    queue_.pop("fake", 256, [this](Result<std::vector<Uuid>> ids) {
      if (!ids.ok() || ids->empty()) return;
      claim(*ids);
      start();
    });
  }

 private:
  void claim(const std::vector<Uuid>& ids) {
    const Claim claim{tokens_.next(), "fake", clock_.wall()};
    store_.claim(ids, claim,
                 [this, ids, token = claim.token](std::vector<Result<Delivery>> deliveries) {
                   run(token, deliveries);
                 });
  }

  void run(const Uuid& token, const std::vector<Result<Delivery>>& deliveries) {
    std::vector<Finish> finishes;
    std::vector<Announcement> results;
    for (const auto& delivery : deliveries) {
      if (!delivery.ok()) continue;
      ++runs;
      Finish finish;
      finish.id = delivery->submission->id;
      finish.token = token;
      finish.started_at = finish.ended_at = clock_.wall();
      finish.report = std::make_shared<const Report>(behaviour(*delivery->submission));
      results.push_back({finish.id, Announcement::Phase::kResult, finish.report});
      finishes.push_back(std::move(finish));
    }
    if (announces_reports) queue_.announce(results);
    std::vector<Finish> copies = finishes;
    store_.finish(std::move(copies), Urgency::kLinger,
                  [this, finishes = std::move(finishes)](const std::vector<Status>& written) {
                    std::vector<Uuid> over;
                    std::vector<Announcement> durable;
                    for (size_t i = 0; i < finishes.size(); ++i) {
                      over.push_back(finishes[i].id);
                      if (!written[i].ok()) continue;
                      durable.push_back({finishes[i].id, Announcement::Phase::kDurable,
                                         announces_reports ? finishes[i].report : nullptr});
                    }
                    queue_.acknowledge("fake", std::move(over));
                    queue_.announce(std::move(durable));
                  });
  }

  Executor& executor_;
  Store& store_;
  Queue& queue_;
  const Clock& clock_;
  UuidGenerator tokens_;
};

// Passes everything on; can hold back the answers to inserts and finishes, and refuse inserts.
class HeldStore final : public Store {
 public:
  explicit HeldStore(Store& store) : store_(store) {}

  bool hold_inserts = false;
  bool hold_finishes = false;
  std::optional<Error> refuse;  // inserts, and ready()
  size_t insert_calls = 0;
  size_t find_action_calls = 0;
  std::vector<Uuid> hurried;

  // Lets go of what was held back, in order.
  void release() {
    const auto held = std::exchange(held_, {});
    for (const auto& answer : held) answer();
  }
  size_t held() const { return held_.size(); }

  void insert(std::vector<SubmissionPtr> items, Urgency urgency,
              Done<std::vector<Inserted>> done) override {
    ++insert_calls;
    if (refuse) {
      std::vector<Inserted> results;
      for (const auto& item : items) results.push_back({*refuse, item->id, false});
      held_.push_back([done = std::move(done), results] { done(results); });
      return;
    }
    store_.insert(std::move(items), urgency, holding<std::vector<Inserted>>(hold_inserts, done));
  }
  void finish(std::vector<Finish> items, Urgency urgency, Done<std::vector<Status>> done) override {
    store_.finish(std::move(items), urgency, holding<std::vector<Status>>(hold_finishes, done));
  }
  void hurry(std::vector<Uuid> ids) override {
    hurried.insert(hurried.end(), ids.begin(), ids.end());
    store_.hurry(std::move(ids));
  }
  Millis lease() const override { return store_.lease(); }
  Status ready() const override { return refuse ? Status(*refuse) : store_.ready(); }

  void claim(std::vector<Uuid> ids, Claim claim,
             Done<std::vector<Result<Delivery>>> done) override {
    store_.claim(std::move(ids), std::move(claim), std::move(done));
  }
  void renew(std::vector<Uuid> ids, Uuid token, Done<std::vector<Renewed>> done) override {
    store_.renew(std::move(ids), token, std::move(done));
  }
  void cancel(std::vector<Uuid> ids, Done<std::vector<Status>> done) override {
    store_.cancel(std::move(ids), std::move(done));
  }
  void due(DueCursor after, size_t limit, Done<Result<DuePage>> done) override {
    store_.due(after, limit, std::move(done));
  }
  void find(Uuid id, Done<Result<Invocation>> done) override { store_.find(id, std::move(done)); }
  void list(ListQuery query, Done<Result<std::vector<Invocation>>> done) override {
    store_.list(std::move(query), std::move(done));
  }
  void count(std::string ns, Done<Result<Counts>> done) override {
    store_.count(std::move(ns), std::move(done));
  }
  void expire(size_t limit, Done<Result<size_t>> done) override {
    store_.expire(limit, std::move(done));
  }
  void put_action(PutMode mode, Action action, CodeRecord code,
                  Done<Result<Action>> done) override {
    store_.put_action(mode, std::move(action), std::move(code), std::move(done));
  }
  void find_action(std::string ns, std::string name, Done<Result<Action>> done) override {
    ++find_action_calls;
    store_.find_action(std::move(ns), std::move(name), std::move(done));
  }
  void list_actions(std::string ns, Done<Result<std::vector<Action>>> done) override {
    store_.list_actions(std::move(ns), std::move(done));
  }
  void delete_action(std::string ns, std::string name, Done<Status> done) override {
    store_.delete_action(std::move(ns), std::move(name), std::move(done));
  }
  void find_code(Sha256 hash, Done<Result<CodePtr>> done) override {
    store_.find_code(hash, std::move(done));
  }
  void put_bytecode(Sha256 hash, std::string bytecode, std::string lua_tag,
                    Done<Status> done) override {
    store_.put_bytecode(hash, std::move(bytecode), std::move(lua_tag), std::move(done));
  }
  void flush(Done<Status> done) override { store_.flush(std::move(done)); }

 private:
  template <class T>
  Done<T> holding(const bool& hold, Done<T> done) {
    return [this, &hold, done = std::move(done)](T value) {
      if (!hold) return done(std::move(value));
      held_.push_back([done, value = std::move(value)] { done(value); });
    };
  }

  Store& store_;
  std::vector<std::function<void()>> held_;
};

}  // namespace sluice::test
