// GET /invocations/:id: the whole record.
#include "api/steps.h"

namespace sluice::api {

Route make_route_invocation_show(Services& services) {
  return {Method::kGet, "/invocations/:id", Role::kRead, ErrorShape::kJson,
          [&services](Request& request, Responder responder) {
            const std::optional<Uuid> id = Uuid::parse(request.param());
            if (!id) return responder.fail(no_such_invocation());
            services.store.find(
                *id, services.alive.guard([responder = std::move(responder)](
                                              const Result<Invocation>& found) mutable {
                  if (found.ok()) return responder.answer(json_reply(200, invocation_json(*found)));
                  responder.fail(found.error().code == Code::kNotFound ? no_such_invocation()
                                                                       : found.error());
                }));
          }};
}

}  // namespace sluice::api
