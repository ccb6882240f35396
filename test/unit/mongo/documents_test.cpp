// Records ↔ documents.
#include "store/mongo/documents.h"

#include <catch2/catch.hpp>

namespace sluice::test {
namespace {

using namespace mongo;

StoredInvocation read(const Bson& document) {
  auto stored = read_invocation(document.get());
  REQUIRE(stored.ok());
  return *std::move(stored);
}

Submission submission() {
  Submission made;
  made.id.bytes.fill(0xab);
  made.action = "hello";
  made.created_at = WallTime(Millis(1'700'000'000'123));
  return made;
}

Progress progress_at(State state, WallTime due_at) {
  Progress progress;
  progress.state = state;
  progress.due_at = due_at;
  return progress;
}

TEST_CASE("a submission comes back as it was, at its borders") {
  Submission made = submission();
  made.ns = "n$s.\"x";
  made.action = "$where";
  made.action_version = UINT32_MAX;
  made.code_hash.bytes.fill(0xff);
  made.limits = {Millis(INT64_MAX / 2), INT64_MAX};
  made.queue = "";
  made.priority = INT32_MIN;
  made.due_at = WallTime(Millis(253'402'300'799'999));
  made.payload = std::string("{\"\0\":1}", 8);
  made.ikey.emplace().bytes.fill(1);
  made.batch_id.emplace().bytes.fill(2);
  made.batch_index = UINT32_MAX;
  made.parent_id.emplace().bytes.fill(3);
  made.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const Progress progress = progress_at(State::kScheduled, made.due_at);
  const StoredInvocation stored = read(invocation_document(made, progress, 77));
  const Submission& what = *stored.record.submission;
  CHECK(stored.nonce == 77);
  CHECK(what.id == made.id);
  CHECK(what.ns == made.ns);
  CHECK(what.action == made.action);
  CHECK(what.action_version == made.action_version);
  CHECK(what.code_hash == made.code_hash);
  CHECK(what.limits == made.limits);
  CHECK(what.queue == made.queue);
  CHECK(what.priority == made.priority);
  CHECK(what.created_at == made.created_at);
  CHECK(what.due_at == made.due_at);
  CHECK(what.payload == made.payload);
  CHECK(what.ikey == made.ikey);
  CHECK(what.batch_id == made.batch_id);
  CHECK(what.batch_index == made.batch_index);
  CHECK(what.parent_id == made.parent_id);
  CHECK(what.traceparent == made.traceparent);
  CHECK(stored.record.progress.state == State::kScheduled);
  CHECK(stored.record.progress.due_at == made.due_at);
  CHECK(stored.outside.empty());
}

TEST_CASE("what is left out stays out") {
  const StoredInvocation stored =
      read(invocation_document(submission(), progress_at(State::kQueued, WallTime(Millis(5))), 1));
  const Submission& what = *stored.record.submission;
  CHECK(what.payload.empty());
  CHECK_FALSE(what.ikey.has_value());
  CHECK_FALSE(what.batch_id.has_value());
  CHECK(what.due_at == WallTime{});
  CHECK_FALSE(stored.record.progress.claim.has_value());
  CHECK(stored.record.report == nullptr);
}

TEST_CASE("texts that are no UTF-8 come back byte for byte") {
  Bson document;
  document.text("one", "\xff\xfe half \xc3")
      .text("two", std::string("a\0b", 3))
      .text("three", "grün");
  const auto text = [&](const char* name) { return field_of(document.get(), name)->text(); };
  CHECK(text("one") == "\xff\xfe half \xc3");
  CHECK(text("two") == std::string("a\0b", 3));
  CHECK(text("three") == "grün");
}

TEST_CASE("what changes is an update that removes what is over") {
  Invocation record;
  record.submission = std::make_shared<const Submission>(submission());
  record.progress.state = State::kDone;
  record.progress.due_at = WallTime(Millis(7));
  record.progress.outcome = Outcome::kSucceeded;
  auto report = std::make_shared<Report>();
  report->result = std::string(kInline + 1, 'r');
  report->logs = "short";
  record.report = report;
  const Changes changes = changes_of(record, true);
  const Bson update = changes.update();
  CHECK(field_of(update.get(), "$set.state")->text() == "done");
  CHECK(field_of(update.get(), "$set.was_due_at")->time() == WallTime(Millis(7)));
  CHECK(field_of(update.get(), "$unset.due_at").has_value());
  CHECK(field_of(update.get(), "$unset.claim").has_value());
  CHECK_FALSE(field_of(update.get(), "$set.report.result").has_value());  // it lies outside
  CHECK(field_of(update.get(), "$set.report.logs")->text() == "short");
  const auto bodies = bodies_of(record.submission->id, *report);
  REQUIRE(bodies.size() == 1);
  CHECK(bodies[0].part == Part::kResult);
  CHECK(bodies[0].bytes.size() == kInline + 1);
}

TEST_CASE("a record of a later release is refused, and said to be so") {
  Submission made = submission();
  made.v = kRecordVersion + 1;
  const Bson document = invocation_document(made, progress_at(State::kQueued, {}), 1);
  const auto stored = read_invocation(document.get());
  REQUIRE_FALSE(stored.ok());
  CHECK(stored.error().message.find("later release") != std::string::npos);
}

TEST_CASE("a record from before there were plugins may use all of them, an odd one none") {
  using Names = std::vector<std::string>;
  Submission made = submission();
  const auto allow_of = [](const Bson& document) {
    const auto stored = read_invocation(document.get());
    REQUIRE(stored.ok());
    return stored->record.submission->allow;
  };
  const Progress queued = progress_at(State::kQueued, {});
  Bson before = invocation_document(made, queued, 1);
  CHECK(allow_of(before) == std::nullopt);
  CHECK(allow_of(before.text("allow", "mongo")) == Names{});
  made.allow = Names{};
  CHECK(allow_of(invocation_document(made, queued, 1)) == Names{});
  made.allow = Names{"mongo", "kv"};
  CHECK(allow_of(invocation_document(made, queued, 1)) == Names{"mongo", "kv"});
}

TEST_CASE("fields of another type than ours read as empty, not as something else") {
  Bson document;
  document.text("_id", "no uuid").text("priority", "high").number("ns", 5).flag("payload", true);
  const StoredInvocation stored = read(document);
  CHECK(stored.record.submission->id.is_nil());
  CHECK(stored.record.submission->priority == 0);
  CHECK(stored.record.submission->ns.empty());
}

}  // namespace
}  // namespace sluice::test
