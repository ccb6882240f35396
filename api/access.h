// Access: who may ask this server, and for what. Every route is behind it.
//
// Two kinds of strangers are kept out. Programs without a token, where tokens are set. And web
// pages in the browser of somebody who may: a page can make a browser send requests to any address,
// this machine's own included, but cannot choose what the browser says in Origin, Host and
// Sec-Fetch-Site. What is no browser sends no Origin, and loses nothing.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/reply.h"
#include "api/http/request.h"
#include "api/role.h"
#include "api/tokens.h"
#include "base/metrics.h"
#include "base/result.h"

namespace sluice::api {

struct AccessOptions {
  std::vector<std::string> hosts;    // names, without a port, by which clients know this server
  std::vector<std::string> origins;  // of web pages that may use it: "https://ui.example.com"
  Tokens tokens;                     // empty: everybody who gets here may do everything
  bool insecure = false;             // may listen beyond this machine without tokens
};

class Access {
 public:
  explicit Access(AccessOptions options);

  // The server listens at `address` ("127.0.0.1:8080"), which was asked for as `host`. kInvalid
  // when it must not: others than this machine reach it, and nothing asks them who they are.
  Status listening(std::string_view host, std::string_view address);

  // Those of a request that comes later than this. The list is not empty.
  void set_tokens(Tokens tokens) { options_.tokens = std::move(tokens); }

  enum class Verdict : uint8_t {
    kAllowed,
    kForeignHost,
    kForeignOrigin,
    kForeignSite,
    kNoToken,
    kUnknownToken,
    kRoleTooLow,
  };
  static constexpr size_t kVerdicts = 7;

  // Whether `request` may have what needs `role`. Without tokens it costs four looks through the
  // headers, with them one SHA-256 more.
  Verdict judge(const Request& request, Role role);

  // The answer to a request that was not allowed.
  Reply refusal(Verdict verdict, const Request& request, Role role, ErrorShape shape) const;

  // The origin of a page that may read the answer (CORS): it is no page of this server's own, and
  // the configuration names it. Empty for all others.
  std::string_view guest_origin(const Request& request) const;

  // The browser's question whether a page of that origin may send what it is about to.
  static bool is_preflight(const Request& request);
  Reply preflight_reply() const;

  // Brings sluice_http_refused_total{reason} up to date.
  void publish(Metrics& metrics);

 private:
  bool knows_host(const Request& request) const;
  bool knows_origin(std::string_view origin, const Request& request) const;
  bool is_named_origin(std::string_view origin) const;
  Verdict judge_origin(const Request& request) const;
  Verdict judge_token(const Request& request, Role role) const;
  Verdict judge_quietly(const Request& request, Role role) const;

  AccessOptions options_;
  std::vector<std::string> own_hosts_;  // under which it may be asked, in lower case, no port
  bool beyond_machine_ = false;         // others reach it
  std::array<uint64_t, kVerdicts> judged_{};
  std::array<uint64_t, kVerdicts> published_{};
};

// "localhost" of "localhost:8080", "[::1]" of "[::1]:8080"; empty when it is neither.
std::string_view host_without_port(std::string_view authority);

}  // namespace sluice::api
