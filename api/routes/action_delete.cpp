// DELETE /actions/:name: the name is free again; what was queued before still runs.
#include "api/services.h"

namespace sluice::api {

Route make_route_action_delete(Services& services) {
  return {Method::kDelete, "/actions/:name", ErrorShape::kText,
          [&services](Request& request, Responder responder) {
            services.catalog.remove(std::string(request.param()),
                                    [responder = std::move(responder)](Status status) mutable {
                                      if (!status.ok()) return responder.fail(status.error());
                                      responder.answer(text_reply(200, "OK"));
                                    });
          }};
}

}  // namespace sluice::api
