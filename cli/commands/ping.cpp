#include "cli/command.h"

namespace sluice::cli {
namespace {

class Ping final : public Command {
 public:
  Spec spec() override { return {"ping", "Server", "Ask whether the server answers", {}, {}, {}}; }

  Ending run(Session& session) override {
    Attempt<Response> answer = session.ping();
    if (!answer.ok()) return answer.failure();
    session.output().success(answer->body);
    return kDone;
  }
};

}  // namespace

std::unique_ptr<Command> make_ping_command() {
  return std::make_unique<Ping>();
}

}  // namespace sluice::cli
