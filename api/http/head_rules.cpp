#include "api/http/head_rules.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "api/http/request.h"

namespace sluice::api {
namespace {

constexpr std::string_view kBlanks = " \t";

HttpFault bad(std::string message, std::string header) {
  return {400, "bad_request", std::move(message), "header " + header};
}

std::string_view trimmed(std::string_view value) {
  const size_t first = value.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return value.substr(first, value.find_last_not_of(kBlanks) + 1 - first);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// host, host:port, [ipv6] or [ipv6]:port.
bool is_authority(std::string_view text) {
  size_t end = 0;
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const std::string_view inside = text.substr(1, end - 1);
    if (!std::all_of(inside.begin(), inside.end(), [](char c) {
          return is_letter_or_digit(c) || c == ':' || c == '.' || c == '%' || c == '-';
        }))
      return false;
    ++end;
  } else {
    end = std::min(text.find(':'), text.size());
    const std::string_view host = text.substr(0, end);
    if (host.empty() || !std::all_of(host.begin(), host.end(), [](char c) {
          return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_' || c == '~';
        }))
      return false;
  }
  if (end == text.size()) return true;
  const std::string_view port = text.substr(end);
  if (port[0] != ':' || port.size() < 2 || port.size() > 6 ||
      !std::all_of(port.begin() + 1, port.end(), is_digit))
    return false;
  int number = 0;
  std::from_chars(port.data() + 1, port.data() + port.size(), number);
  return number <= 65535;
}

std::string_view without_port(std::string_view authority, std::string_view port) {
  if (authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}

// The values of the headers that decide, each as it came; more than one of a kind is counted.
struct Deciding {
  std::string_view host, expect, length, coding;
  size_t hosts = 0, expects = 0, lengths = 0, codings = 0;
};

// Told apart by length first: most headers are none of these.
void look_at(std::string_view name, std::string_view value, Deciding& found) {
  const auto take = [&](std::string_view wanted, std::string_view& place, size_t& count) {
    if (!equal_ignoring_case(name, wanted)) return;
    place = trimmed(value);
    ++count;
  };
  switch (name.size()) {
    case 4:
      return take("host", found.host, found.hosts);
    case 6:
      return take("expect", found.expect, found.expects);
    case 14:
      return take("content-length", found.length, found.lengths);
    case 17:
      return take("transfer-encoding", found.coding, found.codings);
    default:
      return;
  }
}

std::optional<HttpFault> check_length(const Deciding& found, HeadFacts& facts) {
  if (found.lengths == 0) return std::nullopt;
  if (found.lengths > 1) return bad("must not be given more than once", "Content-Length");
  if (found.length.empty() || !std::all_of(found.length.begin(), found.length.end(), is_digit))
    return bad("must be the number of the body's bytes, in decimal digits", "Content-Length");
  uint64_t length = 0;
  const auto read =
      std::from_chars(found.length.data(), found.length.data() + found.length.size(), length);
  if (read.ec != std::errc() || length > INT64_MAX)
    return bad("is larger than any body can be", "Content-Length");
  facts.length = length;
  return std::nullopt;
}

std::optional<HttpFault> check_coding(const Deciding& found, HeadFacts& facts) {
  if (found.codings == 0) return std::nullopt;
  constexpr char kName[] = "Transfer-Encoding";
  if (found.lengths > 0) return bad("must not come together with Content-Length", kName);
  if (facts.http_1_0) return bad("is not known to HTTP/1.0", kName);
  if (found.codings > 1) return bad("must not be given more than once", kName);
  if (!equal_ignoring_case(found.coding, "chunked")) {
    return HttpFault{501, "transfer_coding", "the only transfer coding read here is chunked",
                     "header Transfer-Encoding"};
  }
  facts.chunked = true;
  return std::nullopt;
}

// An absolute target names the host a second time.
std::optional<HttpFault> check_absolute(const Deciding& found, const HeadFacts& facts) {
  if (facts.target.starts_with('/')) return std::nullopt;
  bool absolute = false;
  for (const auto& [scheme, port] :
       {std::pair<std::string_view, std::string_view>{"http://", ":80"}, {"https://", ":443"}}) {
    if (!equal_ignoring_case(facts.target.substr(0, scheme.size()), scheme)) continue;
    absolute = true;
    const std::string_view rest = facts.target.substr(scheme.size());
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    if (found.hosts == 1 &&
        !same_ignoring_case(without_port(authority, port), without_port(found.host, port)))
      return bad("must name the same host as the request target", "Host");
  }
  if (!absolute) return HttpFault{400, "bad_request", "must begin with '/'", "request target"};
  return std::nullopt;
}

std::optional<HttpFault> check_host(const Deciding& found, const HeadFacts& facts) {
  if (found.hosts > 1 || (found.hosts == 0 && !facts.http_1_0))
    return bad("exactly one Host header is required", "Host");
  if (found.hosts == 1 && !is_authority(found.host))
    return bad("must be a host name or address, with or without a port", "Host");
  return check_absolute(found, facts);
}

std::optional<HttpFault> check_expect(const Deciding& found, HeadFacts& facts) {
  if (found.expects == 0 || facts.http_1_0) return std::nullopt;
  if (found.expects > 1 || !equal_ignoring_case(found.expect, "100-continue"))
    return HttpFault{417, "expectation", "only 100-continue can be expected", "header Expect"};
  facts.expects_continue = true;
  return std::nullopt;
}

}  // namespace

std::optional<HttpFault> read_head(std::string_view head, HeadFacts& facts) {
  facts = {};
  if (head.starts_with("\r\n")) head.remove_prefix(2);
  const size_t line_end = head.find('\r');
  const std::string_view line = head.substr(0, line_end);
  const size_t space = line.find(' ');
  facts.target = line.substr(space + 1, line.rfind(' ') - space - 1);
  facts.http_1_0 = line.ends_with('0');

  Deciding found;
  for (size_t at = line_end + 2; head[at] != '\r';) {
    const size_t end = head.find('\r', at);
    const size_t colon = head.find(':', at);
    look_at(head.substr(at, colon - at), head.substr(colon + 1, end - colon - 1), found);
    at = end + 2;
  }
  if (auto fault = check_length(found, facts)) return fault;
  if (auto fault = check_coding(found, facts)) return fault;
  if (auto fault = check_host(found, facts)) return fault;
  return check_expect(found, facts);
}

}  // namespace sluice::api
