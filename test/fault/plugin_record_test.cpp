// What a job does outside cannot be taken back: it waits for the job's record on a real disk.
#include "runner/plugin_calls.h"
#include "test/contract/store_harness.h"
#include "test/support/faulty_vfs.h"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

// Answers at once, and remembers how many commits there had been.
class Witness final : public plugins::Plugins {
 public:
  Witness(Executor& executor, const SqliteStore& store) : executor_(executor), store_(store) {}
  const std::vector<std::string>& names() const override { return names_; }
  plugins::CallId call(plugins::Call, std::function<void(plugins::Answer)> done) override {
    commits_seen.push_back(store_.stats().commits);
    executor_.post([done = std::move(done)] { done({true, "1"}); });
    return commits_seen.size();
  }
  void hang_up(plugins::CallId) override {}

  std::vector<uint64_t> commits_seen;

 private:
  Executor& executor_;
  const SqliteStore& store_;
  const std::vector<std::string> names_ = {"kv"};
};

// Submits, claims before the insert is durable, and calls, all before the writer hears of it.
struct EarlyCall {
  explicit EarlyCall(SqliteHarness& the_at) : at(the_at) {
    job.timeout = Millis(1'000);
    job.id = item->id;
    at.store->insert({item}, Urgency::kLinger, {});
    at.store->claim({item->id}, {at.ids.next(), "r", {}}, [this](auto claimed) {
      REQUIRE(claimed[0].ok());
      caller = {claimed[0]->submission.get(), job.run, claimed[0]->recorded};
      CHECK_FALSE(caller.recorded);
      calls.call(job, {"kv", "get", "{}", {}}, [this](sandbox::Answer given) { answer = given; });
      CHECK(witness.commits_seen.empty());
    });
    REQUIRE(at.executor.turn_until([&] { return answer.has_value(); }));
  }

  SqliteHarness& at;
  const SubmissionPtr item = at.submission();
  Witness witness{at.executor, at.sqlite()};
  runner::Caller caller;
  runner::PluginCalls calls{at.executor, *at.store, witness,
                            [this](const Uuid&) { return &caller; }, [] {}};
  sandbox::Job job;
  std::optional<sandbox::Answer> answer;
};

}  // namespace

TEST_CASE("A plugin is called after the commit that records its caller", "[fault]") {
  SqliteHarness at([](SqliteStoreOptions& options) { options.linger = Millis(24h); });
  const EarlyCall early(at);
  CHECK(early.answer->ok);
  CHECK(early.witness.commits_seen == std::vector<uint64_t>{1});  // which did not linger
  CHECK(early.caller.recorded);
}

TEST_CASE("No plugin is called for what the disk did not take", "[fault]") {
  FaultyVfs vfs;
  std::atomic<int> fatal{0};
  SqliteHarness at([&](SqliteStoreOptions& options) {
    options.vfs = vfs.name();
    options.on_fatal = [&](const std::string&) { ++fatal; };
  });
  const bool full = GENERATE(true, false);
  (full ? vfs.disk_is_full : vfs.syncs_fail) = true;
  const EarlyCall early(at);
  CHECK_FALSE(early.answer->ok);
  CHECK_THAT(early.answer->text, Catch::StartsWith("no plugin was called: "));
  CHECK(early.witness.commits_seen.empty());
}
