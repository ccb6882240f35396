// GET /actions/:name: what is known of an action's current version.
#include "api/steps.h"

namespace sluice::api {

Route make_route_action_show(Services& services) {
  return {Method::kGet, "/actions/:name", Role::kRead, ErrorShape::kJson,
          [&services](Request& request, Responder responder) {
            services.catalog.find(request.param(), [&services, responder = std::move(responder)](
                                                       const Result<ActionPtr>& action) mutable {
              if (!action.ok()) return responder.fail(action.error());
              responder.answer(json_reply(200, action_details(**action, services.options)));
            });
          }};
}

}  // namespace sluice::api
