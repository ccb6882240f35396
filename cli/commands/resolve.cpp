#include "cli/command.h"
#include "cli/waiting.h"

namespace sluice::cli {
namespace {

class Resolve final : public Command {
 public:
  Spec spec() override {
    return {"resolve",
            "Invocations",
            "Wait for the end of an invocation and print its result",
            {{"ID", "as `run` printed it", &id_}},
            {{"--no-wait", "", "print the state instead when it has not ended", &no_wait_}},
            {}};
  }

  Ending run(Session& session) override {
    if (id_.empty()) return usage("the invocation's id is empty");
    Attempt<Response> answer = no_wait_ ? ask_for_end(session, id_, std::chrono::milliseconds(0))
                                        : wait_for_end(session, id_);
    if (!answer.ok()) return answer.failure();
    if (answer->status == 202) session.output().info("Not finished yet");
    session.output().result(answer->body);
    return kDone;
  }

 private:
  std::string id_;
  bool no_wait_ = false;
};

}  // namespace

std::unique_ptr<Command> make_resolve_command() {
  return std::make_unique<Resolve>();
}

}  // namespace sluice::cli
