// GET /healthz: the process is alive.
#include "api/services.h"

namespace sluice::api {

Route make_route_healthz(Services&) {
  return {Method::kGet, "/healthz", Role::kProbe, ErrorShape::kJson,
          [](Request&, Responder responder) {
            responder.answer(json_reply(200, R"({"status":"alive"})"));
          }};
}

}  // namespace sluice::api
