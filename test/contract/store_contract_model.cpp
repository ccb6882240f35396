// Ten thousand random calls against each store, checked after each against a model that is nothing
// but the rules of store/lifecycle.h applied to a map.
#include <map>
#include <random>
#include <set>

#include "store/lifecycle.h"
#include "test/contract/store_harness.h"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

constexpr unsigned kSeed = 20'260'101;
constexpr int kRecords = 10'000;

class Model {
 public:
  explicit Model(StoreHarness& at) : at_(at) {}

  void run(int count = kRecords) {
    while (made_ < count) {
      insert_some();
      const size_t calls = pick(8);
      for (size_t i = 0; i < calls; ++i) {
        switch (pick(6)) {
          case 0:
          case 1:
            claim_some();
            break;
          case 2:
          case 3:
            finish_some();
            break;
          case 4:
            cancel_one();
            break;
          case 5:
            renew_some();
            break;
        }
      }
      if (pick(10) == 0) at_.clock.advance(Millis(pick(6'000)));
      if (pick(10) == 0) compare(random_id());
    }
    REQUIRE(at_.flush().ok());
    for (const auto& [id, record] : records_) compare(id);
    compare_due();
  }

 private:
  size_t pick(size_t below) { return random_() % below; }
  Uuid random_id() { return order_[pick(order_.size())]; }
  Uuid recent_id() { return order_[order_.size() - 1 - pick(std::min<size_t>(order_.size(), 60))]; }

  void insert_some() {
    std::vector<SubmissionPtr> items;
    const size_t count = 1 + pick(40);
    for (size_t i = 0; i < count; ++i) {
      items.push_back(at_.submission([&](Submission& made) {
        if (pick(10) == 0) made.due_at += Millis(pick(10'000));
        if (pick(50) == 0) made.payload = std::string(pick(40'000), ' ') + "0";
      }));
      records_[items.back()->id] = {items.back(), lifecycle::begin(*items.back(), at_.clock.wall()),
                                    nullptr};
      order_.push_back(items.back()->id);
    }
    made_ += static_cast<int>(count);
    // Half of them are used while they wait for the disk.
    if (pick(2) == 0) {
      at_.store->insert(items, Urgency::kLinger, {});
    } else {
      for (const Inserted& result : at_.insert(items)) REQUIRE(result.status.ok());
    }
  }

  void claim_some() {
    std::vector<Uuid> ids;
    for (size_t i = 0; i < 1 + pick(20); ++i) ids.push_back(pick(5) ? recent_id() : random_id());
    const Uuid token = at_.ids.next();
    const auto results = at_.claim(ids, token);
    for (size_t i = 0; i < ids.size(); ++i) {
      Invocation& record = records_[ids[i]];
      const auto expected =
          lifecycle::claim(record, {token, "runner-1", {}}, at_.clock.wall(), at_.options);
      REQUIRE(results[i].ok() == expected.status.ok());
      if (!expected.status) {
        REQUIRE(results[i].error().code == expected.status.error().code);
        continue;
      }
      REQUIRE(results[i]->deliveries == record.progress.deliveries);
      REQUIRE(results[i]->attempt == record.progress.attempt);
      REQUIRE(results[i]->submission->payload == record.submission->payload);
      tokens_[ids[i]] = token;
    }
  }

  void finish_some() {
    std::vector<Finish> items;
    for (size_t i = 0; i < 1 + pick(20); ++i) {
      const Uuid id = recent_id();
      const auto token = tokens_.find(id);
      Finish finish = at_.finished(
          id, token == tokens_.end() || pick(10) == 0 ? at_.ids.next() : token->second);
      switch (pick(6)) {
        case 0:
          finish = at_.failed(id, finish.token, Finish::Next::kRetry, "again");
          break;
        case 1:
          finish = at_.failed(id, finish.token, Finish::Next::kDead, "dead");
          break;
        case 2:
          finish.next = Finish::Next::kReturn;
          finish.report = nullptr;
          break;
        default:
          break;
      }
      if (finish.next == Finish::Next::kRetry || finish.next == Finish::Next::kReturn)
        finish.retry_after = Millis(pick(5'000));
      items.push_back(finish);
    }
    const auto results = at_.finish(items, pick(2) ? Urgency::kNow : Urgency::kLinger);
    for (size_t i = 0; i < items.size(); ++i) {
      const auto expected =
          lifecycle::finish(records_[items[i].id], items[i], at_.clock.wall(), at_.options);
      REQUIRE(results[i].ok() == expected.status.ok());
      if (!expected.status) REQUIRE(results[i].error().code == expected.status.error().code);
    }
  }

  void cancel_one() {
    const Uuid id = random_id();
    const auto result = at_.cancel({id})[0];
    REQUIRE(result.ok() ==
            lifecycle::cancel(records_[id], at_.clock.wall(), at_.options).status.ok());
  }

  void renew_some() {
    for (int i = 0; i < 5; ++i) {
      const Uuid id = recent_id();
      const auto token = tokens_.find(id);
      if (token == tokens_.end()) continue;
      const auto result = at_.renew({id}, token->second)[0];
      REQUIRE(result.answer ==
              lifecycle::renew(records_[id], token->second, at_.clock.wall()).answer);
    }
  }

  void compare(Uuid id) {
    const auto found = at_.find(id);
    REQUIRE(found.ok());
    const Invocation& expected = records_[id];
    const Progress &is = found->progress, &should = expected.progress;
    REQUIRE(is.state == should.state);
    REQUIRE(is.outcome == should.outcome);
    REQUIRE(is.due_at == should.due_at);
    REQUIRE(is.started_at == should.started_at);
    REQUIRE(is.ended_at == should.ended_at);
    REQUIRE(is.expires_at == should.expires_at);
    REQUIRE(is.attempt == should.attempt);
    REQUIRE(is.deliveries == should.deliveries);
    REQUIRE(is.cancel_requested == should.cancel_requested);
    REQUIRE(is.history.size() == should.history.size());
    REQUIRE(is.claim.has_value() == should.claim.has_value());
    if (is.claim) REQUIRE(is.claim->token == should.claim->token);
    REQUIRE((found->report == nullptr) == (expected.report == nullptr));
    if (found->report) REQUIRE(found->report->result == expected.report->result);
    REQUIRE(found->submission->payload == expected.submission->payload);
  }

  void compare_due() {
    std::set<Uuid> should, is;
    for (const auto& [id, record] : records_) {
      if (lifecycle::is_claimable(record.progress, at_.clock.wall(), at_.options.lease))
        should.insert(id);
    }
    DueCursor cursor;
    for (;;) {
      const auto page = at_.due(97, cursor);
      REQUIRE(page.ok());
      for (const DueItem& item : page->items) REQUIRE(is.insert(item.id).second);
      if (!page->next) break;
      REQUIRE(page->items.size() == 97);
      cursor = *page->next;
    }
    REQUIRE(is == should);
  }

  StoreHarness& at_;
  std::mt19937 random_{kSeed};
  std::map<Uuid, Invocation> records_;
  std::map<Uuid, Uuid> tokens_;
  std::vector<Uuid> order_;
  int made_ = 0;
};

}  // namespace

TEMPLATE_TEST_CASE("Ten thousand records go through random lives as the rules say", "[store]",
                   MemoryHarness, SqliteHarness) {
  TestType at;
  Model(at).run();
}

TEST_CASE("Hundreds of records do so in MongoDB", "[store]") {
  MongoHarness at;
  Model(at).run(600);  // each call is a round trip
}

TEST_CASE("They do so, too, when the ledger keeps hardly anything in memory", "[store]") {
  SqliteHarness at([](SqliteStoreOptions& options) { options.max_idle = 3; });
  Model(at).run();
}
