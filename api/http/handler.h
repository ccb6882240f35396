// What the HTTP server asks of the rest: answers to requests.
#pragma once

#include <string>

#include "api/http/reply.h"
#include "api/http/request.h"
#include "api/http/responder.h"

namespace sluice::api {

// Why a request was refused before it was complete. The connection is closed afterwards.
struct HttpFault {
  int status = 400;
  std::string code;     // "bad_request"
  std::string message;  // one line
  std::string where;    // "header Content-Length"; may be empty
};

class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  // Answers through `responder`, now or later. `request` is valid until the call returns.
  virtual void handle(Request& request, Responder responder) = 0;

  // The answer to a request that could not be read to its end; of `request` only the path may be
  // known.
  virtual Reply refuse(const Request& request, const HttpFault& fault) = 0;
};

}  // namespace sluice::api
