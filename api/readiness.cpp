#include "api/readiness.h"

namespace sluice::api {
namespace {

Reply not_ready(const Error& error, std::string_view where) {
  return error_reply(ErrorShape::kJson, 503, to_string(error.code), error.message, where);
}

}  // namespace

Reply readiness_reply(const Store& store, const Queue& queue, const Compiler& sandbox) {
  if (Status status = store.ready(); !status.ok()) return not_ready(status.error(), "store");
  if (Status status = queue.ready(); !status.ok()) return not_ready(status.error(), "queue");
  if (Status status = sandbox.ready(); !status.ok()) return not_ready(status.error(), "sandbox");
  return json_reply(200, R"({"status":"ready"})");
}

}  // namespace sluice::api
