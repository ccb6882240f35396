#include <algorithm>

#include "cli/command.h"
#include "cli/payload.h"
#include "cli/waiting.h"

namespace sluice::cli {
namespace {

// Printable ASCII: what a header can carry.
bool fits_header(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// Which invocation a 202 is about; empty when it does not say.
std::string invocation_of(const Response& answer) {
  const std::optional<JsonView> body = JsonView::of(answer.body);
  const std::optional<JsonView> id = body ? body->find("InvocationId") : std::nullopt;
  if (id && id->kind() == JsonView::Kind::kString) return id->string();
  return answer.header("x-invocation-id");
}

class Run final : public Command {
 public:
  Spec spec() override {
    return {"run",
            "Invocations",
            "Run an action",
            {{"NAME", "the action", &name_}},
            {{"-b,--block", "", "wait for the end and print the result", &block_},
             {"-p,--payload", "JSON", "arguments: a file, - for standard input, or JSON itself",
              &payload_},
             {"-k,--key", "KEY", "idempotency key: the same key gives the first invocation again",
              &key_}},
            "Without -b the answer is {\"InvocationId\": ID}; `slcli resolve ID` gets the result.\n"
            "Example: slcli run hello -b -p '{\"name\": \"Payload\"}'"};
  }

  Ending run(Session& session) override {
    if (name_.empty()) return usage("the action's name is empty");
    if (key_ && !fits_header(*key_))
      return usage("an idempotency key is made of visible ASCII characters");
    Result<std::string> payload = read_payload(payload_, session.in());
    if (!payload.ok()) return usage(payload.error());

    Attempt<Response> answer =
        block_ ? run_to_the_end(session, *payload) : accept(session, *payload);
    if (!answer.ok()) return answer.failure();
    session.output().info("Operation successful");
    session.output().result(answer->body);
    return kDone;
  }

 private:
  Request request_with(const std::string& payload) const {
    Request request{.method = "POST", .path = path_of({"actions", name_})};
    request.body = payload;
    if (key_) request.headers["Idempotency-Key"] = *key_;
    return request;
  }

  Attempt<Response> accept(Session& session, const std::string& payload) const {
    return session.send(request_with(payload));
  }

  Attempt<Response> run_to_the_end(Session& session, const std::string& payload) const {
    Request request = request_with(payload);
    request.path = path_of({"actions", name_, "block"});
    request.query = wait_query(kWaitOnce);
    request.patience = patience_for(kWaitOnce);
    Attempt<Response> answer = session.send(request, Answers::kJob);
    const bool takes_longer = answer.ok() && answer->status == 202;
    if (!takes_longer) return answer;
    const std::string id = invocation_of(*answer);
    if (id.empty()) return answer;
    return wait_for_end(session, id);
  }

  std::string name_;
  bool block_ = false;
  std::optional<std::string> payload_;
  std::optional<std::string> key_;
};

}  // namespace

std::unique_ptr<Command> make_run_command() {
  return std::make_unique<Run>();
}

}  // namespace sluice::cli
