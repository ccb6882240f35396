// GET /invocation/:id: the original's way to fetch a result. Waits for the end, but not for ever.
#include "api/steps.h"

namespace sluice::api {
namespace {

Reply reply_for(const Uuid& id, const Standing& standing) {
  if (!is_finished(standing.state)) {
    return json_reply(202, "{\"InvocationId\":\"" + id.text() + "\",\"state\":\"" +
                               std::string(to_string(standing.state)) + "\"}");
  }
  if (standing.outcome == Outcome::kSucceeded)
    return outcome_reply(id, standing.outcome, standing.report.get());
  return text_reply(500, standing.report && !standing.report->message.empty()
                             ? standing.report->message
                             : std::string(to_string(standing.outcome)));
}

}  // namespace

Route make_route_invocation_resolve(Services& services) {
  return {
      Method::kGet, "/invocation/:id", Role::kRead, ErrorShape::kText,
      [&services](Request& request, Responder responder) {
        const std::optional<Uuid> id = Uuid::parse(request.param());
        if (!id) return responder.fail(no_such_invocation());
        const auto wait = read_wait(services.options, request);
        if (!wait.ok()) return responder.fail(wait.error());
        await_end(
            services, *id, wait->value_or(services.options.resolve_wait),
            [id = *id, responder = std::move(responder)](const Result<Standing>& standing) mutable {
              if (!standing.ok()) return responder.fail(standing.error());
              responder.answer(reply_for(id, *standing).with("X-Invocation-Id", id.text()));
            });
      }};
}

}  // namespace sluice::api
