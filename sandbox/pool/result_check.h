// ResultCheck: what a worker says of a run, held against what a run can have come to.
//
// The frame was decoded, so every length is within its bound. A worker that was taken over may
// still send bytes that are no text, or no JSON: they would travel into records and answers.
#pragma once

#include "base/json_check.h"
#include "sandbox/wire/frame.h"

namespace sluice::sandbox {

class ResultCheck {
 public:
  // null: nothing is wrong.
  wire::Fault check(const wire::RunResult& result);
  wire::Fault check(const wire::Call& call);

 private:
  JsonChecker json_;
};

}  // namespace sluice::sandbox
