// What the API works against in tests: a compiler without Lua, a runner moved by hand, and the store of held_store.h.
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
#include "test/support/held_store.h"

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

  Status ready() const override { return health; }

  int compiled = 0;
  Status health;

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

}  // namespace sluice::test
