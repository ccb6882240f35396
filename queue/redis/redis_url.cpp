#include "queue/redis/redis_url.h"

#include <charconv>
#include <optional>

namespace sluice::redis {
namespace {

constexpr int kMaxDatabase = 1'000'000;

Error invalid(std::string message) {
  return {Code::kInvalid, "redis.url", "the Redis URL " + std::move(message)};
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex(text[i + 1]) << 4 | hex(text[i + 2]));
    i += 2;
  }
  return out;
}

std::optional<int> number(std::string_view text, int min, int max) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max)
    return std::nullopt;
  return value;
}

// "user:password" or ":password", before the '@' that was found.
Status take_credentials(std::string_view text, Address& into) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos)
    return invalid("names a user without a password; write user:password@, or :password@");
  const auto user = decode(text.substr(0, colon)), password = decode(text.substr(colon + 1));
  if (!user || !password)
    return invalid("has a '%' in its user or password that no two hexadecimal digits follow");
  if (password->empty()) return invalid("has an empty password");
  into.user = *user;
  into.password = *password;
  return {};
}

Error no_options() {
  return invalid("takes no options after '?'; it is redis://user:password@host:port/database");
}

Status take_database(std::string_view text, Address& into) {
  const auto database = number(text, 0, kMaxDatabase);
  if (!database) return invalid("names a database that is no number; it must be one, such as 0");
  into.database = *database;
  return {};
}

// "host", "host:port", "[::1]:port". What is wrong is not repeated: it may be part of a password
// that was not encoded.
Status take_host(std::string_view text, Address& into) {
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return invalid("has no ']' after the address in '['");
    into.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else {
    const size_t colon = text.find(':');
    into.host = text.substr(0, colon);
    port = colon == std::string_view::npos ? "" : text.substr(colon);
  }
  if (into.host.empty()) return invalid("names no host");
  if (text.find_first_of("?#") != std::string_view::npos) return no_options();
  if (port.empty()) return {};
  const auto value = port[0] == ':' ? number(port.substr(1), 1, 65535) : std::nullopt;
  if (!value) return invalid("has no port after its host where one should be; write :6379, say");
  into.port = *value;
  return {};
}

Result<Address> parse_tcp(std::string_view rest) {
  Address address;
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos && rest.find('@', slash) != std::string_view::npos)
    return invalid("has a '/' before its '@'; in a password it is written %2F");
  std::string_view authority = rest.substr(0, slash);
  std::string_view path = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    if (Status taken = take_credentials(authority.substr(0, at), address); !taken.ok())
      return taken.error();
    authority.remove_prefix(at + 1);
  }
  if (Status taken = take_host(authority, address); !taken.ok()) return taken.error();
  if (path.find_first_of("?#") != std::string_view::npos) return no_options();
  if (path.empty()) return address;
  if (Status taken = take_database(path, address); !taken.ok()) return taken.error();
  return address;
}

Result<Address> parse_unix(std::string_view rest) {
  Address address;
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos)
    return invalid("names no socket; it is unix:///path/to/socket?db=0");
  if (slash > 0) {
    if (rest[slash - 1] != '@')
      return invalid("names a host before its socket; it is unix:///path/to/socket?db=0");
    if (Status taken = take_credentials(rest.substr(0, slash - 1), address); !taken.ok())
      return taken.error();
    rest.remove_prefix(slash);
  }
  const size_t question = rest.find('?');
  const auto path = decode(rest.substr(0, question));
  if (!path || path->size() < 2) return invalid("names no socket; it is unix:///path/to/socket");
  address.socket = *path;
  if (question == std::string_view::npos) return address;
  const std::string_view option = rest.substr(question + 1);
  if (!option.starts_with("db="))
    return invalid("has an option after '?' that is not known; the only one is db=N");
  if (Status taken = take_database(option.substr(3), address); !taken.ok()) return taken.error();
  return address;
}

}  // namespace

std::string Address::text() const {
  const std::string number = std::to_string(database);
  if (!socket.empty()) return "unix://" + socket + "?db=" + number;
  const bool is_v6 = host.find(':') != std::string::npos;
  return "redis://" + (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port) + "/" + number;
}

Result<Address> parse_url(std::string_view url) {
  constexpr std::string_view kTcp = "redis://", kTls = "rediss://", kUnix = "unix://";
  if (url.starts_with(kTls))
    return invalid(
        "asks for TLS (rediss://), which the client library of this build cannot do; use redis:// "
        "within a private network, or through a tunnel such as stunnel or WireGuard");
  if (url.starts_with(kTcp)) return parse_tcp(url.substr(kTcp.size()));
  if (url.starts_with(kUnix)) return parse_unix(url.substr(kUnix.size()));
  return invalid("must begin with redis:// or unix://");
}

}  // namespace sluice::redis
