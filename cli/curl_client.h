// The Client that speaks HTTP/1.1, over libcurl.
#pragma once

#include <memory>

#include "cli/client.h"
#include "cli/server_url.h"

namespace sluice::cli {

// An answer larger than this is cut off and reported: no server of ours sends one.
inline constexpr size_t kMaxAnswerBytes = size_t{256} << 20;

// One connection, kept alive between requests; one thread at a time.
std::unique_ptr<Client> make_curl_client(const ServerUrl& server);

}  // namespace sluice::cli
