// PUT /actions/:name: a new version. Invocations keep the version they were made with.
#include "api/steps.h"

namespace sluice::api {

Route make_route_action_replace(Services& services) {
  return {
      Method::kPut, "/actions/:name", Role::kAdmin, ErrorShape::kJson,
      [&services](Request& request, Responder responder) {
        Result<ActionDraft> draft = read_draft(services.options, request.body, request.param());
        if (!draft.ok()) return responder.fail(draft.error());
        services.catalog.put(
            PutMode::kReplace, *std::move(draft),
            [&services, responder = std::move(responder)](const Result<ActionPtr>& action) mutable {
              if (!action.ok()) return responder.fail(action.error());
              const Action& made = **action;
              tell_cap(services, made.ns, made.name, made.max_concurrency,
                       [&services, made = *action, responder = std::move(responder)]() mutable {
                         responder.answer(json_reply(200, action_details(*made, services.options)));
                       });
            });
      }};
}

}  // namespace sluice::api
