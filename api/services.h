// Services: what the routes work with. Made by Api, outlives every handler.
#pragma once

#include "api/catalog.h"
#include "api/lifetime.h"
#include "api/options.h"
#include "api/router.h"
#include "api/submitter.h"
#include "api/waiters.h"
#include "base/json_check.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/uuid.h"
#include "queue/queue.h"
#include "store/store.h"

namespace sluice::api {

struct Services {
  Store& store;
  Queue& queue;
  Compiler& compiler;
  const Clock& clock;
  Log& log;
  Metrics& metrics;
  const ApiOptions& options;

  Catalog& catalog;
  Submitter& submitter;
  Waiters& waiters;
  UuidGenerator& ids;
  JsonChecker& json;
  const Lifetime& alive;  // guards callbacks that the routes themselves give to store and queue

  bool draining = false;     // nothing new is accepted
  Router* router = nullptr;  // set once it is made of these
};

}  // namespace sluice::api
