#include "api/access.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace sluice::api {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

// As people write them down: with a port, or a slash at the end.
void tidy(std::vector<std::string>& hosts, std::vector<std::string>& origins) {
  for (std::string& host : hosts) {
    if (const auto bare = host_without_port(host); !bare.empty()) host = std::string(bare);
  }
  for (std::string& origin : origins) {
    while (origin.ends_with('/')) origin.pop_back();
  }
}

void lower_all(std::vector<std::string>& texts) {
  for (std::string& text : texts) std::transform(text.begin(), text.end(), text.begin(), lower);
}

bool is_ip_address(std::string_view host) {
  if (host.starts_with('[')) return true;
  char text[INET_ADDRSTRLEN] = {};
  in_addr address;
  if (host.size() >= sizeof text) return false;
  std::memcpy(text, host.data(), host.size());
  return inet_pton(AF_INET, text, &address) == 1;
}

bool is_loopback(std::string_view host) {
  return host == "[::1]" || host.starts_with("[::ffff:127.") ||
         (host.starts_with("127.") && is_ip_address(host));
}

// "ui.example.com:8443" of "https://ui.example.com:8443"; empty for "null" and the like.
std::string_view authority_of(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.size() > scheme.size() &&
        same_ignoring_case(origin.substr(0, scheme.size()), scheme))
      return origin.substr(scheme.size());
  }
  return {};
}

// The token of "Bearer TOKEN"; nullopt for another scheme.
std::optional<std::string_view> bearer(std::string_view value) {
  constexpr std::string_view kScheme = "bearer ";
  if (value.size() < kScheme.size() ||
      !equal_ignoring_case(value.substr(0, kScheme.size()), kScheme))
    return std::nullopt;
  value.remove_prefix(std::min(value.find_first_not_of(' ', kScheme.size()), value.size()));
  return value;
}

// What came in a header, for a message: harmless, and not endless.
std::string shown(std::string_view value) {
  constexpr size_t kLongest = 100;
  std::string text = "'";
  for (const char c : value.substr(0, kLongest)) text += c > 0x20 && c < 0x7f ? c : '?';
  return text + (value.size() > kLongest ? "…'" : "'");
}

}  // namespace

std::string_view host_without_port(std::string_view authority) {
  const size_t start = authority.starts_with('[') ? authority.find(']') : 0;
  if (start == std::string_view::npos) return {};
  const size_t colon = authority.find(':', start);
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view() : authority.substr(colon + 1);
  if (port.find_first_not_of("0123456789") != std::string_view::npos) return {};
  const std::string_view host = authority.substr(0, colon);
  return host.starts_with('[') && !host.ends_with(']') ? std::string_view() : host;
}

Access::Access(AccessOptions options) : options_(std::move(options)) {
  tidy(options_.hosts, options_.origins);
  lower_all(options_.hosts);
  lower_all(options_.origins);
  own_hosts_ = {"localhost", "127.0.0.1", "[::1]"};
  own_hosts_.insert(own_hosts_.end(), options_.hosts.begin(), options_.hosts.end());
}

Status Access::listening(std::string_view host, std::string_view address) {
  const std::string_view bound = host_without_port(address);
  beyond_machine_ = !is_loopback(bound);
  if (beyond_machine_ && options_.tokens.empty() && !options_.insecure)
    return Error{
        Code::kInvalid, "listen",
        "will not listen on " + std::string(address) +
            ": whoever reaches that address could do everything here, as no tokens are set. Make "
            "one with `sluice token --name me --role admin` and name the file with its entry "
            "(--tokens FILE, SLUICE_TOKENS, Api { tokens = \"FILE\" }); or say --insecure "
            "(SLUICE_INSECURE=true, Api { insecure = true }) where something else keeps strangers "
            "away"};
  own_hosts_.emplace_back(bound);
  if (!host.empty()) {
    const bool is_v6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
    own_hosts_.push_back(is_v6 ? "[" + std::string(host) + "]" : std::string(host));
  }
  lower_all(own_hosts_);
  return {};
}

// ── judging ──

Access::Verdict Access::judge(const Request& request, Role role) {
  const Verdict verdict = judge_quietly(request, role);
  ++judged_[static_cast<size_t>(verdict)];
  return verdict;
}

Access::Verdict Access::judge_quietly(const Request& request, Role role) const {
  // Load balancers ask for a server's health under whatever Host they like. A page that comes by a
  // name of its own learns whether the server is well, and nothing else.
  if (role != Role::kProbe && !knows_host(request)) return Verdict::kForeignHost;
  if (const Verdict verdict = judge_origin(request); verdict != Verdict::kAllowed) return verdict;
  if (options_.tokens.empty() || role <= Role::kAnyone) return Verdict::kAllowed;
  return judge_token(request, role);
}

// A page at evil.example whose name server answers 127.0.0.1 at the second question (DNS rebinding)
// is to the browser of the same origin as this server. But the browser says Host: evil.example.
bool Access::knows_host(const Request& request) const {
  // Such a page has no token: names need not be known where one is asked for. Behind proxies and in
  // containers servers have many.
  if (!options_.tokens.empty()) return true;
  const auto given = request.header("host");
  if (!given) return true;  // HTTP/1.0, which no browser speaks
  // On any port: it is names that an attacker has, and ports get mapped (ssh -L, containers).
  const std::string_view host = host_without_port(*given);
  if (host.empty()) return false;
  for (const std::string& own : own_hosts_) {
    if (equal_ignoring_case(host, own)) return true;
  }
  // Only --insecure comes here. Behind a number there is no name server to lie, but addresses of
  // this machine that we may not know.
  return beyond_machine_ && is_ip_address(host);
}

Access::Verdict Access::judge_origin(const Request& request) const {
  if (const auto origin = request.header("origin")) {
    const bool once = request.header_count("origin") == 1;
    return once && knows_origin(*origin, request) ? Verdict::kAllowed : Verdict::kForeignOrigin;
  }
  // Browsers send no Origin with what a page merely shows or links to, an image say.
  const auto site = request.header("sec-fetch-site");
  if (!site || *site == "none" || *site == "same-origin") return Verdict::kAllowed;
  return Verdict::kForeignSite;
}

bool Access::knows_origin(std::string_view origin, const Request& request) const {
  const std::string_view authority = authority_of(origin);
  if (authority.empty()) return false;  // "null": a file, a sandboxed frame, a redirect
  // Its own page: of the same host and port as the request is for. The scheme does not matter, as a
  // proxy may have taken TLS off.
  const auto host = request.header("host");
  if (host && same_ignoring_case(authority, *host)) return true;
  return is_named_origin(origin);
}

bool Access::is_named_origin(std::string_view origin) const {
  for (const std::string& named : options_.origins) {
    if (equal_ignoring_case(origin, named)) return true;
  }
  // Of a name of this server's own, at the port that its scheme has, when a proxy in front changed
  // Host.
  const std::string_view authority = authority_of(origin);
  for (const std::string& named : options_.hosts) {
    if (equal_ignoring_case(authority, named)) return true;
  }
  return false;
}

Access::Verdict Access::judge_token(const Request& request, Role role) const {
  const auto given = request.header("authorization");
  if (!given) return Verdict::kNoToken;
  const auto secret = bearer(*given);
  if (!secret) return Verdict::kNoToken;
  const Token* token =
      request.header_count("authorization") == 1 ? options_.tokens.find(*secret) : nullptr;
  if (!token) return Verdict::kUnknownToken;
  return token->role >= role ? Verdict::kAllowed : Verdict::kRoleTooLow;
}

// ── answering ──

Reply Access::refusal(Verdict verdict, const Request& request, Role role, ErrorShape shape) const {
  const auto header = [&](std::string_view name) {
    return shown(request.header(name).value_or(std::string_view()));
  };
  switch (verdict) {
    case Verdict::kForeignHost:
      return error_reply(shape, 403, "foreign_host",
                         "this server is not known as " + header("host") +
                             ": web pages could reach it under such a name. If it is its name, "
                             "allow it: Api { hosts = {\"NAME\"} } or SLUICE_HOSTS",
                         "header Host");
    case Verdict::kForeignOrigin:
      return error_reply(shape, 403, "foreign_origin",
                         "web pages of " + header("origin") +
                             " may not use this server. To allow them: Api { origins = "
                             "{\"https://HOST\"} } or SLUICE_ORIGINS",
                         "header Origin");
    case Verdict::kForeignSite:
      return error_reply(shape, 403, "foreign_origin",
                         "a page of another site asked for this; what is typed into the address "
                         "bar is answered",
                         "header Sec-Fetch-Site");
    case Verdict::kNoToken:
      return error_reply(shape, 401, "no_token",
                         "a token is needed: Authorization: Bearer slu_…; `slcli connect URL "
                         "--token` keeps one",
                         "header Authorization")
          .with("WWW-Authenticate", "Bearer realm=\"sluice\"");
    case Verdict::kUnknownToken:
      return error_reply(shape, 401, "unknown_token", "this server does not know the token",
                         "header Authorization")
          .with("WWW-Authenticate", "Bearer realm=\"sluice\", error=\"invalid_token\"");
    case Verdict::kRoleTooLow:
    case Verdict::kAllowed:
      break;
  }
  const std::string needed(to_string(role));
  return error_reply(shape, 403, "role_too_low",
                     "the token's role is too low: this needs " + needed, "header Authorization")
      .with("WWW-Authenticate",
            "Bearer realm=\"sluice\", error=\"insufficient_scope\", scope=\"" + needed + "\"");
}

std::string_view Access::guest_origin(const Request& request) const {
  if (options_.origins.empty() && options_.hosts.empty()) return {};
  const auto origin = request.header("origin");
  return origin && is_named_origin(*origin) ? *origin : std::string_view();
}

bool Access::is_preflight(const Request& request) {
  return request.method == Method::kOther && request.header("access-control-request-method");
}

Reply Access::preflight_reply() const {
  Reply reply = text_reply(200, "");
  reply.with("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE")
      .with("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key")
      .with("Access-Control-Max-Age", "600");
  return reply;
}

void Access::publish(Metrics& metrics) {
  constexpr std::array<const char*, kVerdicts> kReasons = {
      "",         "foreign_host",  "foreign_origin", "foreign_site",
      "no_token", "unknown_token", "role_too_low"};
  for (size_t i = 1; i < kVerdicts; ++i) {
    metrics
        .counter("sluice_http_refused_total", "Requests refused for who asked",
                 {{"reason", kReasons[i]}})
        .add(static_cast<double>(judged_[i] - published_[i]));
    published_[i] = judged_[i];
  }
}

}  // namespace sluice::api
