// How much of a request is read, and why one was not read to its end.
#pragma once

#include <cstddef>
#include <string>

namespace sluice::api {

struct HttpLimits {
  size_t head_bytes = 16 << 10;  // request line and headers, as they come; trailers again as much
  size_t headers = 100;
  size_t target_bytes = 8 << 10;
  size_t body_bytes = 1 << 20;
};

// Why a request was refused before it was complete. The connection is closed afterwards.
struct HttpFault {
  int status = 400;
  std::string code;     // "bad_request"
  std::string message;  // one line
  std::string where;    // "header Content-Length"; may be empty
};

}  // namespace sluice::api
