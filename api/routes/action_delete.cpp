// DELETE /actions/:name: the name is free again; what was queued before still runs.
#include "api/steps.h"

namespace sluice::api {

Route make_route_action_delete(Services& services) {
  return {Method::kDelete, "/actions/:name", Role::kAdmin, ErrorShape::kText,
          [&services](Request& request, Responder responder) {
            const std::string name(request.param());
            services.catalog.remove(
                name, [&services, name, responder = std::move(responder)](Status status) mutable {
                  if (!status.ok()) return responder.fail(status.error());
                  tell_cap(services, services.options.ns, name, 0,
                           [responder = std::move(responder)]() mutable {
                             responder.answer(text_reply(200, "OK"));
                           });
                });
          }};
}

}  // namespace sluice::api
