#include "cli/waiting.h"

namespace sluice::cli {
namespace {

// Between two questions to a server that answers "not yet" at once, whatever it was asked to wait.
constexpr std::chrono::milliseconds kPause(250);

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
  const bool was_cut_off = !answer.ok() && answer.failure().exit == ExitCode::kNoServer;
  if (was_cut_off)
    answer.failure().hint = "the job goes on without us: `slcli resolve " + id + "` asks again";
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
