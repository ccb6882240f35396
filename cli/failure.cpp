#include "cli/failure.h"

#include <array>

#include "cli/json.h"

namespace sluice::cli {
namespace {

// Enough of a foreign answer to recognise who sent it.
constexpr size_t kMaxForeignText = 400;

std::string words_of(const JsonView& value) {
  return value.kind() == JsonView::Kind::kString ? value.string() : std::string(value.text());
}

std::string member_words(const JsonView& object, std::string_view name) {
  const std::optional<JsonView> member = object.find(name);
  return member ? words_of(*member) : std::string();
}

std::string describe_foreign(const Response& response) {
  if (response.body.empty()) return {};
  const std::string type = response.header("content-type");
  if (type.find("html") != std::string::npos)
    return "the answer is a page (" + type + ", " + std::to_string(response.body.size()) +
           " bytes): this may not be a Sluice server";
  if (response.body.size() <= kMaxForeignText) return response.body;
  return response.body.substr(0, kMaxForeignText) + "…";
}

void read_body(const Response& response, Failure& failure) {
  const std::optional<JsonView> body = JsonView::of(response.body);
  if (!body) {
    failure.message = describe_foreign(response);
    return;
  }
  if (body->kind() != JsonView::Kind::kObject) {
    failure.message = words_of(*body);
    return;
  }
  failure.message = member_words(*body, "message");
  if (const std::optional<JsonView> err = body->find("err")) failure.err = err->small_int();
  failure.reason = member_words(*body, "code");
  failure.where = member_words(*body, "where");
  failure.invocation_id = member_words(*body, "InvocationId");
  const bool says_nothing_we_know =
      failure.message.empty() && !failure.err && failure.reason.empty();
  if (says_nothing_we_know) failure.message = body->compact();
}

bool is_job_failure(const Failure& failure, Answers what) {
  return what == Answers::kJob && failure.http_status == 500 && failure.err.has_value();
}

ExitCode exit_code_of(const Failure& failure, Answers what) {
  if (is_job_failure(failure, what)) return ExitCode::kJobFailed;
  return failure.http_status == 404 ? ExitCode::kNotFound : ExitCode::kRefused;
}

std::string hint_for(const Response& response) {
  switch (response.status) {
    case 301:
    case 302:
    case 307:
    case 308:
      return "the server sends us on to " + response.header("location") +
             "; if you trust that, connect to it";
    case 429:
    case 503: {
      const std::string seconds = response.header("retry-after");
      return seconds.empty() ? "try again in a moment" : "try again in " + seconds + " s";
    }
    default:
      return {};
  }
}

}  // namespace

Failure usage(std::string message, std::string hint) {
  Failure failure;
  failure.exit = ExitCode::kUsage;
  failure.headline = std::move(message);
  failure.hint = std::move(hint);
  return failure;
}

Failure usage(const Error& error) {
  return usage(error.text());
}

Failure unreachable(const std::string& url, const Error& error) {
  Failure failure;
  failure.exit = ExitCode::kNoServer;
  failure.headline = "No answer from " + url;
  failure.message = error.message;
  failure.hint = "`sluice serve` starts a server";
  return failure;
}

Failure refusal(const Response& response, Answers what) {
  Failure failure;
  failure.headline = "Error: Request failed with status code " + std::to_string(response.status);
  failure.http_status = response.status;
  read_body(response, failure);
  if (failure.invocation_id.empty()) failure.invocation_id = response.header("x-invocation-id");
  failure.exit = exit_code_of(failure, what);
  failure.hint = hint_for(response);
  return failure;
}

Failure job_failure(Failure failure, std::optional<int> err) {
  failure.exit = ExitCode::kJobFailed;
  failure.err = err;
  return failure;
}

std::string err_name(int err) {
  static constexpr std::array<std::string_view, 12> kNames = {"",
                                                              "",
                                                              "timeout",
                                                              "bytecode",
                                                              "top level failed",
                                                              "no main",
                                                              "main failed",
                                                              "memory",
                                                              "unknown",
                                                              "cancelled",
                                                              "platform",
                                                              "dead"};
  if (err < 0 || err >= static_cast<int>(kNames.size())) return {};
  return std::string(kNames[static_cast<size_t>(err)]);
}

}  // namespace sluice::cli
