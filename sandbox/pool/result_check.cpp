#include "sandbox/pool/result_check.h"

#include "base/utf8.h"

namespace sluice::sandbox {

wire::Fault ResultCheck::check(const wire::RunResult& result) {
  const bool succeeded = result.outcome == Outcome::kSucceeded;
  if (succeeded && !json_.check(result.result).ok()) return "the result is not JSON";
  if (!succeeded && !result.result.empty()) return "a result of a run that did not succeed";
  if (!is_utf8(result.message) || !is_utf8(result.traceback) || !is_utf8(result.logs))
    return "the message, traceback or logs are not UTF-8";
  return nullptr;
}

wire::Fault ResultCheck::check(const wire::Call& call) {
  if (!json_.check(call.payload).ok()) return "a call's payload is not JSON";
  if (!is_utf8(call.plugin) || !is_utf8(call.action)) return "a call's names are not UTF-8";
  return nullptr;
}

}  // namespace sluice::sandbox
