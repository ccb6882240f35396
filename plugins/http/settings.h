// What Plugin "http" { … } of config.lua says.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/http/hosts.h"

namespace sluice::http {

struct Settings {
  HostRules hosts{{}, {}};
  std::vector<std::string> schemes = {"http", "https"};
  size_t max_request_bytes = 1 << 20;  // of URL, headers and body together
  size_t max_answer_bytes = 0;         // of a body, and of the JSON that the caller is given
  size_t max_header_bytes = 32 << 10;  // of one answer's
  unsigned max_redirects = 5;
  std::chrono::milliseconds connect_timeout{10'000};
  std::string user_agent = "sluice-http/1.0";
  std::string ca_file;  // empty: the system's
  std::string proxy;    // empty: none, whatever the environment says
  long connections_per_host = 16;

  // "name:port:address": answers that no name server is asked for. For tests; no key sets it.
  std::vector<std::string> resolve;
  // Lookups of names that go on after their callers have gone: each is a thread of libcurl's.
  size_t max_left_lookups = 64;
};

// `most_answer_bytes`: the host's bound. Throws Failure with the key that is wrong.
Settings parse_settings(std::string_view config, uint64_t most_answer_bytes);

}  // namespace sluice::http
