// What a head means for its message: how long the body is, and whether that is beyond doubt.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/http/limits.h"

namespace sluice::api {

struct HeadFacts {
  std::string_view target;         // lies in the head that was read
  std::optional<uint64_t> length;  // Content-Length
  bool chunked = false;
  bool expects_continue = false;
  bool http_1_0 = false;
};

// `head` is a whole head that HeadScanner let through. Refused are heads that two readers could
// take for messages of different lengths or to different hosts, and expectations that we do not
// meet. `facts.target` is known also when there is a fault.
std::optional<HttpFault> read_head(std::string_view head, HeadFacts& facts);

}  // namespace sluice::api
