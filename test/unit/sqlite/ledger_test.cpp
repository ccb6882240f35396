#include "store/sqlite/ledger.h"

#include <catch2/catch.hpp>

#include "store/lifecycle.h"

using namespace sluice;
using namespace sluice::sqlite;
using namespace std::chrono_literals;

namespace {

SubmissionPtr submission(uint8_t number, size_t bytes = 10) {
  auto made = std::make_shared<Submission>();
  made->id.bytes[15] = number;
  made->payload.assign(bytes, 'x');
  return made;
}

Invocation fresh(uint8_t number, size_t bytes = 10) {
  const auto what = submission(number, bytes);
  return {what, lifecycle::begin(*what, WallTime{}), nullptr};
}

const MonoTime kStart = MonoTime{} + 1h;

}  // namespace

TEST_CASE("A commit takes what is urgent, what has ended, and what has lingered", "[ledger]") {
  Ledger ledger{LedgerBounds{}};
  Entry& old = ledger.add_new(fresh(1), 1);
  Entry& young = ledger.add_new(fresh(2), 2);
  Entry& urgent = ledger.add_new(fresh(3), 3);
  Entry& ended = ledger.add_new(fresh(4), 4);
  ledger.mark(old, Urgency::kLinger, kStart - 5ms);
  ledger.mark(young, Urgency::kLinger, kStart - 4ms);
  CHECK_FALSE(ledger.has_urgent_changes());
  ledger.mark(urgent, Urgency::kNow, kStart);
  ended.record.progress.state = State::kDone;
  ledger.mark(ended, Urgency::kLinger, kStart);
  CHECK(ledger.has_urgent_changes());

  const auto taken = ledger.take(false, kStart);
  CHECK(taken == std::vector<Entry*>{&old, &urgent, &ended});
  CHECK(ledger.has_changes());
  CHECK_FALSE(ledger.has_urgent_changes());
  CHECK(ledger.take(true, kStart) == std::vector<Entry*>{&young});
  CHECK_FALSE(ledger.has_changes());
}

TEST_CASE("A lingering change that becomes urgent is taken once", "[ledger]") {
  Ledger ledger{LedgerBounds{}};
  Entry& entry = ledger.add_new(fresh(1), 1);
  ledger.mark(entry, Urgency::kLinger, kStart);
  ledger.mark(entry, Urgency::kNow, kStart);
  ledger.mark(entry, Urgency::kLinger, kStart);
  CHECK(ledger.take(false, kStart).size() == 1);
  CHECK(ledger.take(true, kStart).empty());
}

TEST_CASE("What could not be written is taken again, with its new changes", "[ledger]") {
  Ledger ledger{LedgerBounds{}};
  Entry& entry = ledger.add_stored(fresh(1), 1);
  ledger.mark(entry, Urgency::kNow, kStart);
  ledger.take(false, kStart);
  ledger.mark(entry, Urgency::kLinger, kStart);
  ledger.not_written(entry);
  CHECK_FALSE(ledger.has_urgent_changes());
  CHECK(ledger.take(false, kStart).size() == 1);
}

TEST_CASE("Only a bounded number of waiting entries stays in memory", "[ledger]") {
  LedgerBounds bounds;
  bounds.max_idle = 2;
  bounds.max_idle_bytes = 100;
  Ledger ledger{bounds};
  const auto add = [&](uint8_t number, size_t bytes = 10) {
    Entry& entry = ledger.add_stored(fresh(number, bytes), number);
    ledger.settle(entry, WallTime{});
    return ledger.find(submission(number)->id) != nullptr;
  };
  CHECK_FALSE(add(1, 101));
  CHECK(add(2));
  CHECK(add(3));
  CHECK_FALSE(add(4));
  // One is claimed: it stays, and makes room.
  Entry& claimed = *ledger.find(submission(2)->id);
  claimed.record.progress.state = State::kRunning;
  ledger.mark(claimed, Urgency::kNow, kStart);
  CHECK(add(4));
  ledger.take(true, kStart);
  ledger.written(claimed);
  ledger.settle(claimed, WallTime{});
  CHECK(ledger.find(submission(2)->id) == &claimed);
}

TEST_CASE("What ended, or is due much later, leaves once it is written", "[ledger]") {
  Ledger ledger{LedgerBounds{}};
  Entry& ended = ledger.add_new(fresh(1), 1);
  Entry& later = ledger.add_new(fresh(2), 2);
  ended.record.progress.state = State::kDone;
  later.record.progress.due_at = WallTime{} + 1h;
  for (Entry* entry : {&ended, &later}) ledger.mark(*entry, Urgency::kNow, kStart);
  ledger.settle(ended, WallTime{});
  CHECK(ledger.find(submission(1)->id) == &ended);
  for (Entry* entry : ledger.take(true, kStart)) {
    ledger.written(*entry);
    ledger.settle(*entry, WallTime{});
  }
  CHECK(ledger.find(submission(1)->id) == nullptr);
  CHECK(ledger.find(submission(2)->id) == nullptr);
}

TEST_CASE("Room for what is unwritten comes back with each write", "[ledger]") {
  LedgerBounds bounds;
  bounds.max_unwritten = 1;
  Ledger ledger{bounds};
  CHECK(ledger.has_room_for(*submission(1)));
  Entry& entry = ledger.add_new(fresh(1), 1);
  CHECK_FALSE(ledger.has_room_for(*submission(2)));
  ledger.mark(entry, Urgency::kNow, kStart);
  ledger.take(true, kStart);
  ledger.written(entry);
  CHECK(ledger.has_room_for(*submission(2)));
  Entry& other = ledger.add_new(fresh(2), 2);
  ledger.mark(other, Urgency::kNow, kStart);
  ledger.erase(other);
  CHECK(ledger.has_room_for(*submission(3)));
  CHECK_FALSE(ledger.has_changes());
  CHECK_FALSE(ledger.has_urgent_changes());
}

TEST_CASE("What somebody waits for does not linger: that it exists, and that it has ended",
          "[ledger]") {
  Ledger ledger{LedgerBounds{}};
  Entry& entry = ledger.add_new(fresh(1), 1);
  ledger.mark(entry, Urgency::kLinger, kStart);
  CHECK(ledger.take(false, kStart).empty());
  ledger.want(entry);
  CHECK(ledger.take(false, kStart).size() == 1);
  ledger.written(entry);

  entry.record.progress.state = State::kRunning;
  ledger.mark(entry, Urgency::kLinger, kStart);
  CHECK_FALSE(ledger.has_urgent_changes());  // nobody waits for a claim
  entry.record.progress.state = State::kDone;
  ledger.mark(entry, Urgency::kLinger, kStart);
  CHECK(ledger.has_urgent_changes());
}
