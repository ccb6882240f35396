// POST /actions: compiles a source and stores it under a new name.
#include "api/steps.h"

namespace sluice::api {

Route make_route_action_create(Services& services) {
  return {Method::kPost, "/actions", Role::kAdmin, ErrorShape::kText,
          [&services](Request& request, Responder responder) {
            Result<ActionDraft> draft = read_draft(services.options, request.body, std::nullopt);
            if (!draft.ok()) return responder.fail(draft.error());
            services.catalog.put(PutMode::kCreate, *std::move(draft),
                                 [&services, responder = std::move(responder)](
                                     const Result<ActionPtr>& action) mutable {
                                   if (!action.ok()) return responder.fail(action.error());
                                   const Action& made = **action;
                                   if (made.max_concurrency == 0)
                                     return responder.answer(text_reply(200, "OK"));
                                   tell_cap(services, made.ns, made.name, made.max_concurrency,
                                            [responder = std::move(responder)]() mutable {
                                              responder.answer(text_reply(200, "OK"));
                                            });
                                 });
          }};
}

}  // namespace sluice::api
