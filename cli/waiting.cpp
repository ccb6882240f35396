#include "cli/waiting.h"

namespace sluice::cli {
namespace {

// Between two questions to a server that answers "not yet" at once, whatever it was asked to wait.
constexpr std::chrono::milliseconds kPause(250);

// GET /invocation/:id says in words why a job failed, as the original did; its record knows the err
// code, and whether it was the job that failed, not the server.
Failure explained(Session& session, const std::string& id, Failure failure) {
  Attempt<Response> answer = session.send({.path = path_of({"invocations", id})});
  const std::optional<JsonView> record = answer.ok() ? JsonView::of(answer->body) : std::nullopt;
  if (!record) return job_failure(std::move(failure), std::nullopt);  // a server without records
  const std::optional<JsonView> err = record->find("err");
  if (!err) return failure;  // it has not ended
  return job_failure(std::move(failure), err->small_int());
}

}  // namespace

std::string wait_query(std::chrono::milliseconds wait) {
  return "wait=" + std::to_string(wait.count());
}

std::chrono::milliseconds patience_for(std::chrono::milliseconds wait) {
  return wait + std::chrono::seconds(10);
}

Attempt<Response> ask_for_end(Session& session, const std::string& id,
                              std::chrono::milliseconds wait) {
  Attempt<ServerUrl> server = session.server();
  if (!server.ok()) return server.failure();

  Request request;
  request.path = path_of({"invocation", id});
  request.query = wait_query(wait);
  request.patience = patience_for(wait);
  Attempt<Response> answer = session.send(request, Answers::kJob);
  if (answer.ok()) return answer;
  Failure& failure = answer.failure();
  if (failure.exit == ExitCode::kNoServer)
    failure.hint = "the job goes on without us: `slcli resolve " + id + "` asks again";
  if (failure.http_status == 500 && !failure.err && failure.reason.empty())
    return explained(session, id, std::move(failure));
  return answer;
}

Attempt<Response> wait_for_end(Session& session, const std::string& id) {
  World& world = session.world();
  for (;;) {
    const MonoTime asked_at = world.clock.mono();
    Attempt<Response> answer = ask_for_end(session, id, kWaitOnce);
    const bool ended = !answer.ok() || answer->status != 202;
    if (ended) return answer;
    if (world.clock.mono() - asked_at < kPause) world.sleep(kPause);
  }
}

}  // namespace sluice::cli
