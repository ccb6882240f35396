#include "store/sqlite/calls.h"

namespace sluice::sqlite {
namespace {

Error not_recorded(const char* operation) {
  return {Code::kNotFound, operation, "its submission could not be recorded"};
}

}  // namespace

bool Call::tell(uint32_t item, const Verdict& verdict) {
  take(item, verdict);
  return --missing_ == 0;
}

void InsertCall::take(uint32_t item, const Verdict& verdict) {
  Inserted& result = results[item];
  if (verdict.duplicate_of) {
    result.id = *verdict.duplicate_of;
    result.deduplicated = true;
  } else if (verdict.kind != Verdict::Kind::kWritten) {
    result.status = verdict.status;
  }
}

void InsertCall::answer() {
  if (done_) done_(std::move(results));
}

void StatusCall::take(uint32_t item, const Verdict& verdict) {
  if (verdict.kind == Verdict::Kind::kGone) results[item] = not_recorded(operation_);
  if (verdict.kind == Verdict::Kind::kFailed) results[item] = verdict.status;
}

void StatusCall::answer() {
  if (done_) done_(std::move(results));
}

void FindCall::take(uint32_t, const Verdict& verdict) {
  if (verdict.kind == Verdict::Kind::kWritten)
    result_ = *verdict.record;
  else if (verdict.kind == Verdict::Kind::kGone)
    result_ = not_recorded("store.find");
  else
    result_ = verdict.status.error();
}

void FindCall::answer() {
  if (done_) done_(std::move(result_));
}

void RecordedCall::take(uint32_t, const Verdict& verdict) {
  if (verdict.duplicate_of) {
    result_ = Error{Code::kConflict, "store.when_recorded",
                    "an earlier submission has its idempotency key"};
  } else if (verdict.kind != Verdict::Kind::kWritten) {
    result_ = verdict.status;
  }
}

void RecordedCall::answer() {
  if (done_) done_(std::move(result_));
}

}  // namespace sluice::sqlite
