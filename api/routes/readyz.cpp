// GET /readyz: whether invocations would be accepted now, and if not, why.
#include "api/readiness.h"
#include "api/services.h"

namespace sluice::api {

Route make_route_readyz(Services& services) {
  return {Method::kGet, "/readyz", Role::kProbe, ErrorShape::kJson,
          [&services](Request&, Responder responder) {
            if (services.draining)
              return responder.fail(503, "draining", "the server is stopping", "server");
            responder.answer(readiness_reply(services.store, services.queue, services.compiler));
          }};
}

}  // namespace sluice::api
