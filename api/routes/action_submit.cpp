// POST /actions/:name: asks for a run, and is told its id once the record is on the disk.
#include "api/steps.h"

namespace sluice::api {
namespace {

Reply accepted(const Inserted& inserted) {
  const std::string id = inserted.id.text();
  Reply reply = json_reply(202, "{\"InvocationId\":\"" + id + "\"" +
                                    (inserted.deduplicated ? ",\"deduplicated\":true}" : "}"));
  reply.with("Location", "/invocations/" + id).with("X-Invocation-Id", id);
  return reply;
}

}  // namespace

Route make_route_action_submit(Services& services) {
  return {Method::kPost, "/actions/:name", Role::kInvoke, ErrorShape::kText,
          [&services](Request& request, Responder responder) {
            Result<RunRequest> run = read_run(services, request);
            if (!run.ok()) return responder.fail(run.error());
            services.catalog.find(
                request.param(), [&services, responder = std::move(responder),
                                  run = *std::move(run)](const Result<ActionPtr>& action) mutable {
                  if (!action.ok()) return responder.fail(action.error());
                  services.submitter.submit(
                      make_submission(services, **action, std::move(run)), Urgency::kNow,
                      [responder = std::move(responder)](const Inserted& inserted) mutable {
                        if (!inserted.status.ok()) return responder.fail(inserted.status.error());
                        responder.answer(accepted(inserted));
                      });
                });
          }};
}

}  // namespace sluice::api
