#include "cli/command.h"

namespace sluice::cli {
namespace {

class ShowStatus final : public Command {
 public:
  Spec spec() override {
    return {"status",
            "Invocations",
            "Show all that is known of an invocation",
            {{"ID", "as `run` printed it", &id_}},
            {},
            {}};
  }

  Ending run(Session& session) override {
    if (id_.empty()) return usage("the invocation's id is empty");
    Attempt<Response> answer = session.send({.path = path_of({"invocations", id_})});
    if (!answer.ok()) return answer.failure();
    if (const std::optional<JsonView> record = JsonView::of(answer->body))
      session.output().record(*record, {"payload", "result"});  // the user's own JSON
    else
      session.output().result(answer->body);
    return kDone;
  }

 private:
  std::string id_;
};

}  // namespace

std::unique_ptr<Command> make_status_command() {
  return std::make_unique<ShowStatus>();
}

}  // namespace sluice::cli
