// Waiting for the end of an invocation, as `resolve` and `run -b` do.
#pragma once

#include <chrono>
#include <string>

#include "cli/failure.h"
#include "cli/session.h"

namespace sluice::cli {

// How long one request asks the server to wait. Short enough for proxies, which drop silent
// connections.
inline constexpr std::chrono::milliseconds kWaitOnce = std::chrono::seconds(20);

// Asks once, with the server waiting for the end up to `wait`. 202 when it has not ended by then.
Attempt<Response> ask_for_end(Session& session, const std::string& id,
                              std::chrono::milliseconds wait);

// Asks until it has ended: the answer is 200 with the result, or a Failure.
Attempt<Response> wait_for_end(Session& session, const std::string& id);

// "wait=20000"
std::string wait_query(std::chrono::milliseconds wait);
// How long to wait for the answer to a request that has the server wait that long.
std::chrono::milliseconds patience_for(std::chrono::milliseconds wait);

}  // namespace sluice::cli
