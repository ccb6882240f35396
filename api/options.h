// What can be set of the API. `Api { … }` in config.lua fills it in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "api/access.h"
#include "api/http/server.h"
#include "base/clock.h"

namespace sluice::api {

struct ApiOptions {
  ServerOptions server;  // server.limits.body_bytes is the body limit

  AccessOptions access;  // who may use it

  // Limits of actions. What an action leaves at 0 gets the default; what exceeds the maximum is
  // refused.
  Millis default_timeout{60'000};
  Millis max_timeout{600'000};
  uint64_t default_memory_bytes = 64ull << 20;
  uint64_t max_memory_bytes = 1ull << 30;
  size_t max_source_bytes = 512 << 10;

  // How long requests wait for the end of an invocation.
  Millis resolve_wait{
      1'500};  // GET /invocation/:id without ?wait=: the original client gives up at 2 s
  Millis block_extra{30'000};   // POST …/block without ?wait=: the action's time limit and this
  Millis max_wait{600'000};     // a longer ?wait= is cut to it
  size_t max_waiting = 65'536;  // requests that wait; one more is told 429

  // A blocking run's answer waits for its record to be on the disk (`block = "durable"`).
  bool block_durable = false;

  // A job may go to the queue before its record is durable; only where queue and runner are in this
  // process (docs/adr/0006).
  bool dispatch_before_durable = true;

  // News of ends may be lost on their way from another process: the store is asked about what has
  // been waited for this long. 0: they come from this process, and are not lost.
  Millis ask_after{0};

  // How long what is known of an action may be used without asking the store. 0: for ever, which is
  // right where this process is the only one that writes.
  Millis action_max_age{0};
  size_t cached_actions = 10'000;

  std::string ns = "default";
};

}  // namespace sluice::api
