// What /readyz answers, at every program that has one.
#pragma once

#include "api/http/reply.h"
#include "queue/queue.h"
#include "sandbox/compiler.h"
#include "store/store.h"

namespace sluice::api {

// 200 when invocations would be accepted now, and workers can be started; 503 with the reason and
// where it lies when not.
Reply readiness_reply(const Store& store, const Queue& queue, const Compiler& sandbox);

}  // namespace sluice::api
