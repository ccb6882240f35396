// What an action asks for, taken from its payload and judged.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/http/settings.h"
#include "plugins/http/url.h"

namespace sluice::http {

struct Header {
  std::string name;  // as the caller wrote it
  std::string value;
};

struct Request {
  std::string method;
  Url url;
  std::vector<Header> headers;
  std::optional<std::string> body;
  std::optional<std::chrono::milliseconds> timeout;
  bool follow = true;  // redirects

  bool has_header(std::string_view name) const;  // in any case
};

// `method`: of the short forms, whose payload names none. Throws Failure.
Request parse_request(std::string_view payload, const Settings& settings,
                      std::optional<std::string> method);

// Whether a URL may be asked for at all. Throws Failure with the reason.
void check_target(const Settings& settings, const Url& url);

}  // namespace sluice::http
