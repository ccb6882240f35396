#include "plugins/http/url.h"

#include <cctype>
#include <new>

#include "plugins/http/text.h"
#include "sluice/plugin.hpp"

namespace sluice::http {
namespace {

using plugin::Failure;

constexpr char kBegin[] = "the URL must begin with http:// or https://";

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return "";
  return CurlText(text).get();
}

// Everything else has to be percent-encoded (RFC 3986), and is where parsers differ.
void check_bytes(std::string_view text) {
  if (text.size() > Url::kMaxBytes)
    throw Failure("the URL has " + std::to_string(text.size()) + " bytes; at most " +
                  std::to_string(Url::kMaxBytes) + " are taken");
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte > 0x20 && byte < 0x7f && byte != '\\') continue;
    throw Failure("the URL has " +
                  std::string(byte == ' '    ? "a space"
                              : byte == '\\' ? "a backslash"
                              : byte < 0x80  ? "a control character"
                                             : "a character beyond ASCII") +
                  " at byte " + std::to_string(i) +
                  ": percent-encode it, or in a host write the xn-- form");
  }
}

// The authority as the text writes it, before anything is decoded or made canonical; empty in a
// reference that has none. libcurl forgives one slash and three.
std::string_view raw_authority(std::string_view text) {
  size_t scheme = 0;
  while (scheme < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[scheme])) || text[scheme] == '+' ||
          text[scheme] == '-' || text[scheme] == '.'))
    ++scheme;
  const bool has_scheme = scheme > 0 && scheme < text.size() && text[scheme] == ':';
  if (has_scheme && !same_name(text.substr(0, scheme), "http") &&
      !same_name(text.substr(0, scheme), "https"))
    throw Failure(kBegin);
  if (has_scheme) text.remove_prefix(scheme + 1);
  if (text.substr(0, 2) != "//") {
    if (has_scheme) throw Failure(kBegin);
    return {};
  }
  text.remove_prefix(2);
  text = text.substr(0, text.find_first_of("/?#"));
  if (text.empty()) throw Failure("the URL has no host");
  return text;
}

std::string explain(CURLUcode code) {
  switch (code) {
    case CURLUE_USER_NOT_ALLOWED:
      return "the URL has a user or password in it: send an Authorization header instead";
    case CURLUE_BAD_PORT_NUMBER:
      return "the URL has a port that is none";
    case CURLUE_UNSUPPORTED_SCHEME:
    case CURLUE_BAD_SCHEME:
      return kBegin;
    case CURLUE_NO_HOST:
      return "the URL has no host";
    case CURLUE_BAD_HOSTNAME:
    case CURLUE_BAD_IPV6:
      return "the URL has a host that is none";
    default:
      return std::string("the URL is none: ") + curl_url_strerror(code);
  }
}

std::string canonical_host(std::string host) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    const auto address = Address::parse(std::string_view(host).substr(1, host.size() - 2));
    if (!address) throw Failure("the URL has an IPv6 address that is none");
    // The written form is kept for the connection; what is judged is the address.
    return address->text();
  }
  host = lower(host);
  if (const auto address = Address::parse(host); address && address->v4()) return address->text();
  if (!host.empty() && host.back() == '.')
    throw Failure("the URL's host ends with a dot: leave it out");
  if (!is_host_name(host))
    throw Failure(
        "the URL has a host that is none: a name of letters, digits and '-', or an address");
  return host;
}

}  // namespace

Url Url::parse(std::string_view text) {
  Url url;
  url.handle_.reset(curl_url());
  url.set(text);
  return url;
}

Url Url::follow(std::string_view reference) const {
  Url url;
  url.handle_.reset(curl_url_dup(handle_.get()));
  url.set(reference);
  return url;
}

void Url::set(std::string_view text) {
  if (handle_ == nullptr) throw std::bad_alloc();
  check_bytes(text);
  // libcurl decodes it; others do not.
  if (raw_authority(text).find('%') != text.npos)
    throw Failure("the URL has a percent-encoded host or a zone: write it plainly");
  const std::string copy(text);
  if (const CURLUcode code =
          curl_url_set(handle_.get(), CURLUPART_URL, copy.c_str(), CURLU_DISALLOW_USER);
      code != CURLUE_OK)
    throw Failure(explain(code));
  // It is not sent, and not passed on to where a redirect leads.
  curl_url_set(handle_.get(), CURLUPART_FRAGMENT, nullptr, 0);

  if (!part(handle_.get(), CURLUPART_USER).empty() ||
      !part(handle_.get(), CURLUPART_PASSWORD).empty())
    throw Failure(explain(CURLUE_USER_NOT_ALLOWED));
  if (!part(handle_.get(), CURLUPART_ZONEID).empty())
    throw Failure("the URL has an address with a zone");
  target_.scheme = part(handle_.get(), CURLUPART_SCHEME);
  if (target_.scheme != "http" && target_.scheme != "https")
    throw Failure(explain(CURLUE_UNSUPPORTED_SCHEME));
  target_.host = canonical_host(part(handle_.get(), CURLUPART_HOST));
  const std::string port = part(handle_.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  target_.port = port.empty() || port.size() > 5 ? 0 : static_cast<unsigned>(std::stoul(port));
  if (target_.port < 1 || target_.port > 65535) throw Failure(explain(CURLUE_BAD_PORT_NUMBER));
}

std::string Url::text() const {
  return part(handle_.get(), CURLUPART_URL);
}

}  // namespace sluice::http
