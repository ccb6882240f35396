// What the HTTP server asks of the rest: answers to requests.
#pragma once

#include <optional>

#include "api/http/limits.h"
#include "api/http/reply.h"
#include "api/http/request.h"
#include "api/http/responder.h"

namespace sluice::api {

class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  // Answers through `responder`, now or later. `request` is valid until the call returns.
  virtual void handle(Request& request, Responder responder) = 0;

  // Asked when a request's head is there and more of it is to come: its answer, when it is refused
  // whatever follows. Then the rest is not read.
  virtual std::optional<Reply> refuse_head(const Request&) { return std::nullopt; }

  // The answer to a request that could not be read to its end; of `request` only the path may be
  // known.
  virtual Reply refuse(const Request& request, const HttpFault& fault) = 0;
};

}  // namespace sluice::api
