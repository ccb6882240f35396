// GET /actions: exactly the four members that the original lists.
#include "api/services.h"
#include "base/json_doc.h"

namespace sluice::api {
namespace {

std::string listed(const Action& action) {
  return "{\"maxmem\":" + std::to_string(action.memory_kb) +
         ",\"name\":" + json_quoted(action.name) +
         ",\"size\":" + std::to_string(action.stripped_bytes) +
         ",\"timeout\":" + std::to_string(action.timeout.count()) + "}";
}

}  // namespace

Route make_route_action_list(Services& services) {
  return {Method::kGet, "/actions", Role::kRead, ErrorShape::kText,
          [&services](Request&, Responder responder) {
            services.catalog.list(
                [responder = std::move(responder)](Result<std::vector<Action>> actions) mutable {
                  if (!actions.ok()) return responder.fail(actions.error());
                  std::string body = "[";
                  for (const Action& action : *actions) {
                    if (body.size() > 1) body += ',';
                    body += listed(action);
                  }
                  body += ']';
                  responder.answer(json_reply(200, std::move(body)));
                });
          }};
}

}  // namespace sluice::api
