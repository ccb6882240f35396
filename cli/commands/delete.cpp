#include "cli/command.h"

namespace sluice::cli {
namespace {

class Delete final : public Command {
 public:
  Spec spec() override {
    return {"delete",
            "Actions",
            "Delete an action",
            {{"NAME", "the action", &name_}},
            {},
            "Invocations that are queued already still run."};
  }

  Ending run(Session& session) override {
    if (name_.empty()) return usage("the action's name is empty");
    Attempt<Response> answer =
        session.send({.method = "DELETE", .path = path_of({"actions", name_})});
    if (!answer.ok()) return answer.failure();
    session.output().success(answer->body);
    return kDone;
  }

 private:
  std::string name_;
};

}  // namespace

std::unique_ptr<Command> make_delete_command() {
  return std::make_unique<Delete>();
}

}  // namespace sluice::cli
