#include "base/json_doc.h"
#include "cli/action_options.h"
#include "cli/command.h"

namespace sluice::cli {
namespace {

// The server reads 0 as "your own limit".
constexpr int64_t kServersLimit = 0;

class Create final : public Command {
 public:
  Spec spec() override {
    return {"create",
            "Actions",
            "Register an action",
            {{"NAME", "letters, digits and _ . - (at most 128)", &name_}},
            options_.options("default: the server's limit", "the default", "default: all"),
            "Example: slcli create hello -f hello.lua -t 2s -m 64M"};
  }

  Ending run(Session& session) override {
    if (name_.empty()) return usage("the action's name is empty");
    Attempt<ActionInput> input = read_action(options_, session.in());
    if (!input.ok()) return input.failure();

    Request request{.method = "POST", .path = path_of({"actions"})};
    JsonObject body;
    body.text("name", name_)
        .text("code", input->code)
        .integer("timeout", input->timeout_ms.value_or(kServersLimit))
        .integer("maxmem", input->maxmem_kb.value_or(kServersLimit));
    // An older server knows neither: it is told only where there is something to tell.
    if (input->max_concurrency) body.integer("max_concurrency", *input->max_concurrency);
    if (input->allow) body.raw("allow", *input->allow);
    request.body = body.print();
    Attempt<Response> answer = session.send(request);
    if (!answer.ok()) return answer.failure();
    session.output().success(answer->body);
    return kDone;
  }

 private:
  std::string name_;
  ActionOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_create_command() {
  return std::make_unique<Create>();
}

}  // namespace sluice::cli
