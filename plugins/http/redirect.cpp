#include "plugins/http/redirect.h"

#include <algorithm>
#include <string>

#include "plugins/http/text.h"
#include "sluice/plugin.hpp"

namespace sluice::http {
namespace {

using plugin::Failure;

// All that goes along to another host, scheme or port. A list of what may, not of what may not:
// nobody knows every name that a key is sent under.
constexpr std::string_view kHarmless[] = {"accept",           "accept-language", "content-type",
                                          "content-language", "user-agent",      "cache-control"};

bool is_harmless(const Header& header) {
  return std::any_of(std::begin(kHarmless), std::end(kHarmless),
                     [&](std::string_view name) { return same_name(header.name, name); });
}

bool is_about_body(const Header& header) {
  return header.name.size() >= 8 && same_name(header.name.substr(0, 8), "content-");
}

void become_get(Request& request) {
  request.method = "GET";
  request.body.reset();
  auto& headers = request.headers;
  headers.erase(std::remove_if(headers.begin(), headers.end(), is_about_body), headers.end());
}

}  // namespace

bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void redirect(Request& request, long status, std::string_view location, const Settings& settings) {
  const Target from = request.url.target();
  try {
    request.url = request.url.follow(location);
    const Target& to = request.url.target();
    if (from.scheme == "https" && to.scheme != "https")
      throw Failure("it leads from https to " + to.scheme);
    check_target(settings, request.url);
  } catch (const Failure& failure) {
    throw Failure("the redirect by '" + from.host + "' is not followed: " + failure.what());
  }
  const bool post = request.method == "POST" && (status == 301 || status == 302);
  if (post || (status == 303 && request.method != "HEAD")) become_get(request);
  if (request.url.target() == from) return;
  auto& headers = request.headers;
  headers.erase(std::remove_if(headers.begin(), headers.end(),
                               [](const Header& header) { return !is_harmless(header); }),
                headers.end());
}

}  // namespace sluice::http
