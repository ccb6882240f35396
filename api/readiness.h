// What /readyz answers, at every program that has one.
#pragma once

#include "api/http/reply.h"
#include "queue/queue.h"
#include "store/store.h"

namespace sluice::api {

// 200 when invocations would be accepted now; 503 with the reason and where it lies when not.
Reply readiness_reply(const Store& store, const Queue& queue);

}  // namespace sluice::api
