#include "plugins/http/request.h"

#include <algorithm>
#include <cctype>

#include "plugins/http/text.h"
#include "plugins/support/args.h"
#include "sluice/plugin.hpp"

namespace sluice::http {
namespace {

using plugin::Args;
using plugin::Failure;

constexpr size_t kMaxHeaders = 100;
constexpr size_t kMaxMethod = 32;

// They frame the message or steer the connection, which is the plugin's to do; or speak to a proxy.
constexpr std::string_view kOurs[] = {
    "host", "content-length", "transfer-encoding", "connection", "keep-alive", "expect", "upgrade",
    "te",   "trailer",        "http2-settings",    "via"};

void check_header(const Header& header) {
  if (!is_token(header.name))
    throw Failure("'headers' has a name that is none: letters, digits and '-'");
  for (const std::string_view ours : kOurs)
    if (same_name(header.name, ours))
      throw Failure("'headers' must not have " + header.name + ": the plugin sets it");
  if (header.name.size() > 6 && same_name(header.name.substr(0, 6), "proxy-"))
    throw Failure("'headers' must not have " + header.name + ": it is for a proxy");
  for (const char c : header.value) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
      throw Failure("the header " + header.name + " has a control character in its value");
  }
}

std::string read_method(Args& args) {
  std::string method = args.text("method");
  for (char& c : method) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (!is_token(method) || method.size() > kMaxMethod)
    throw Failure("'method' is none: \"GET\", \"POST\", …");
  if (method == "CONNECT" || method == "TRACE") throw Failure("'method' must not be " + method);
  return method;
}

std::vector<Header> read_headers(Args& args) {
  std::vector<Header> headers;
  for (auto& [name, value] : args.pairs("headers")) {
    headers.push_back({std::move(name), std::move(value)});
    check_header(headers.back());
    for (size_t i = 0; i + 1 < headers.size(); ++i)
      if (same_name(headers[i].name, headers.back().name))
        throw Failure("'headers' has " + headers.back().name + " twice");
    if (headers.size() > kMaxHeaders)
      throw Failure("'headers' has more than " + std::to_string(kMaxHeaders) + " of them");
  }
  return headers;
}

void read_body(Args& args, Request& request) {
  request.body = args.optional_text("body");
  if (auto json = args.optional_json("json")) {
    if (request.body) throw Failure("the payload has both 'body' and 'json'");
    request.body = std::move(json);
    if (!request.has_header("content-type"))
      request.headers.push_back({"Content-Type", "application/json"});
  }
  if (request.body && (request.method == "GET" || request.method == "HEAD"))
    throw Failure("a " + request.method + " has no body");
}

}  // namespace

bool Request::has_header(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const Header& header) { return same_name(header.name, name); });
}

void check_target(const Settings& settings, const Url& url) {
  const Target& target = url.target();
  if (std::find(settings.schemes.begin(), settings.schemes.end(), target.scheme) ==
      settings.schemes.end())
    throw Failure("the plugin's configuration does not list " + target.scheme +
                  " in its 'schemes'");
  if (const auto reason = settings.hosts.refuse(target)) throw Failure(*reason);
}

Request parse_request(std::string_view payload, const Settings& settings,
                      std::optional<std::string> method) {
  Args args(payload);
  if (!method) method = read_method(args);
  Request request{
      std::move(*method), Url::parse(args.text("url")), read_headers(args), {}, {}, true};
  read_body(args, request);
  if (args.has("timeout_ms"))
    request.timeout = std::chrono::milliseconds(args.integer("timeout_ms", 1, 3'600'000));
  request.follow = args.flag("follow", true);
  args.done();

  size_t bytes = request.url.text().size() + (request.body ? request.body->size() : 0);
  for (const Header& header : request.headers)
    bytes += header.name.size() + header.value.size() + 4;
  if (bytes > settings.max_request_bytes)
    throw Failure("the request has " + std::to_string(bytes) + " bytes; at most " +
                  std::to_string(settings.max_request_bytes) + " are taken ('max_request_bytes')");
  check_target(settings, request.url);
  return request;
}

}  // namespace sluice::http
