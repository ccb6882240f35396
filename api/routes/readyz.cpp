// GET /readyz: whether invocations would be accepted now, and if not, why.
#include "api/services.h"

namespace sluice::api {

Route make_route_readyz(Services& services) {
  return {Method::kGet, "/readyz", ErrorShape::kJson, [&services](Request&, Responder responder) {
            if (services.draining)
              return responder.fail(503, "draining", "the server is stopping", "server");
            if (Status store = services.store.ready(); !store.ok())
              return responder.fail(503, to_string(store.error().code), store.error().message,
                                    "store");
            if (Status queue = services.queue.ready(); !queue.ok())
              return responder.fail(503, to_string(queue.error().code), queue.error().message,
                                    "queue");
            responder.answer(json_reply(200, R"({"status":"ready"})"));
          }};
}

}  // namespace sluice::api
