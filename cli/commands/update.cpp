#include "base/json_doc.h"
#include "cli/action_options.h"
#include "cli/command.h"

namespace sluice::cli {
namespace {

std::optional<std::string> number_in(const std::optional<JsonView>& object, std::string_view name) {
  const std::optional<JsonView> value = object ? object->find(name) : std::nullopt;
  if (!value || value->kind() != JsonView::Kind::kNumber) return std::nullopt;
  return std::string(value->text());
}

class Update final : public Command {
 public:
  Spec spec() override {
    return {"update",
            "Actions",
            "Replace an action's code by a new version",
            {{"NAME", "the action", &name_}},
            options_.options("default: as it is", "default: as it is", "default: as it is"),
            "Invocations made before keep the version they were made with."};
  }

  Ending run(Session& session) override {
    if (name_.empty()) return usage("the action's name is empty");
    Attempt<ActionInput> input = read_action(options_, session.in());
    if (!input.ok()) return input.failure();
    Attempt<Limits> limits = limits_in_force(session, *input);
    if (!limits.ok()) return limits.failure();

    Request request{.method = "PUT", .path = path_of({"actions", name_})};
    JsonObject body;
    body.text("code", input->code)
        .raw("timeout", limits->timeout_ms)
        .raw("maxmem", limits->maxmem_kb);
    if (input->max_concurrency) body.integer("max_concurrency", *input->max_concurrency);
    if (input->allow) body.raw("allow", *input->allow);
    request.body = body.print();
    Attempt<Response> answer = session.send(request);
    if (!answer.ok()) return answer.failure();
    session.output().success(answer->body);
    return kDone;
  }

 private:
  struct Limits {  // JSON numbers
    std::string timeout_ms;
    std::string maxmem_kb;
  };

  Attempt<Limits> limits_in_force(Session& session, const ActionInput& input) const {
    if (input.timeout_ms && input.maxmem_kb)
      return Limits{std::to_string(*input.timeout_ms), std::to_string(*input.maxmem_kb)};

    Attempt<Response> answer = session.send({.path = path_of({"actions", name_})});
    if (!answer.ok()) return answer.failure();
    const std::optional<JsonView> action = JsonView::of(answer->body);
    const auto timeout = number_in(action, "timeout"), maxmem = number_in(action, "maxmem");
    if ((!timeout && !input.timeout_ms) || (!maxmem && !input.maxmem_kb)) {
      Failure failure = usage("The server does not say which limits '" + name_ + "' has",
                              "give both, with -t and -m");
      failure.exit = ExitCode::kRefused;
      return failure;
    }
    return Limits{input.timeout_ms ? std::to_string(*input.timeout_ms) : *timeout,
                  input.maxmem_kb ? std::to_string(*input.maxmem_kb) : *maxmem};
  }

  std::string name_;
  ActionOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_update_command() {
  return std::make_unique<Update>();
}

}  // namespace sluice::cli
