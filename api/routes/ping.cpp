// GET /ping: the original's way to ask whether anybody is there.
#include "api/services.h"

namespace sluice::api {

Route make_route_ping(Services& services) {
  return {Method::kGet, "/ping", Role::kAnyone, ErrorShape::kText,
          [&services](Request&, Responder responder) {
            services.log.info("Ping request received");
            responder.answer(text_reply(200, "OK"));
          }};
}

}  // namespace sluice::api
