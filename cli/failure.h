// Failure: why a command did not do what it was asked to, in the parts that are printed.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/result.h"
#include "cli/client.h"
#include "cli/exit_code.h"

namespace sluice::cli {

struct Failure {
  ExitCode exit = ExitCode::kUsage;
  std::string headline;       // one line, for the `error:` line
  std::string message;        // what the server said; may have several lines, may be empty
  std::string hint;           // what to do about it; may be empty
  int http_status = 0;        // 0: there was no answer
  std::optional<int> err;     // the job's error code (docs/slcli.md), when a job failed
  std::string reason;         // the server's own code for a refusal, "conflict"; may be empty
  std::string where;          // where in the request the fault is; may be empty
  std::string invocation_id;  // may be empty
};

// The command line, or something on this machine, is wrong.
Failure usage(std::string message, std::string hint = {});
Failure usage(const Error& error);

// No answer came from the server at `url`.
Failure unreachable(const std::string& url, const Error& error);

// Whether a 500 with an `err` says that a job failed: only the routes that answer with a job's
// ending do.
enum class Answers { kRequest, kJob };

// The server answered with something other than success.
Failure refusal(const Response& response, Answers what);

// The job failed after all, with this err code if it is known.
Failure job_failure(Failure failure, std::optional<int> err);

// What the err code of a failed job stands for: 7 is "memory".
std::string err_name(int err);

// A value, or a Failure.
template <class T>
class [[nodiscard]] Attempt {
 public:
  Attempt(T value) : state_(std::move(value)) {}
  Attempt(Failure failure) : state_(std::move(failure)) {}

  bool ok() const { return state_.index() == 0; }
  T& value() { return assert(ok()), std::get<0>(state_); }
  T& operator*() { return value(); }
  T* operator->() { return &value(); }
  Failure& failure() { return assert(!ok()), std::get<1>(state_); }

 private:
  std::variant<T, Failure> state_;
};

// How a command ended: with nothing more to say, or with a Failure.
using Ending = std::optional<Failure>;
inline constexpr std::nullopt_t kDone = std::nullopt;

}  // namespace sluice::cli
