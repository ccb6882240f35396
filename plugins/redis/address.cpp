#include "plugins/redis/address.h"

#include <charconv>

#include "sluice/plugin.hpp"

namespace sluice::redis_plugin {
namespace {

constexpr const char* kForms =
    "; it is redis://user:password@host:port/database or unix:///path/to/socket?db=0";

// What is wrong is never repeated: any part may belong to a password that was not encoded.
[[noreturn]] void refuse(const std::string& why) {
  throw plugin::Failure("'url' " + why + kForms);
}

int digit(char c) {
  int value = -1;
  std::from_chars(&c, &c + 1, value, 16);
  return value;
}

std::string decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) refuse("has a '%' that no two hexadecimal digits follow");
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

int number(std::string_view text, int least, int most, const char* what) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    refuse(std::string("has no ") + what + " where one should be");
  return value;
}

// Takes "user:password@" or ":password@" off the front.
void take_credentials(std::string_view& rest, size_t end, Address& into) {
  const std::string_view credentials = rest.substr(0, end);
  const size_t colon = credentials.find(':');
  if (colon == std::string_view::npos || colon + 1 == credentials.size())
    refuse("has an '@' but no password before it");
  into.user = decode(credentials.substr(0, colon));
  into.password = decode(credentials.substr(colon + 1));
  rest.remove_prefix(end + 1);
}

// "host", "host:port", "[::1]:port".
void take_host(std::string_view text, Address& into) {
  const bool is_v6 = text.starts_with('[');
  const size_t end = is_v6 ? text.find(']') : text.find(':');
  if (is_v6 && end == std::string_view::npos) refuse("has no ']' after the address in '['");
  into.host = is_v6 ? text.substr(1, end - 1) : text.substr(0, end);
  if (into.host.empty()) refuse("names no host");
  const size_t behind = end == std::string_view::npos ? text.size() : is_v6 ? end + 1 : end;
  const std::string_view port = text.substr(behind);
  if (port.empty()) return;
  if (port[0] != ':') refuse("has no port where one should be");
  into.port = number(port.substr(1), 1, 65'535, "port");
}

Address parse_tcp(std::string_view rest) {
  Address address;
  if (rest.find_first_of("?#") != std::string_view::npos)
    refuse("takes no options after '?' or '#' (in a password they are written %3F and %23)");
  const size_t slash = rest.find('/');
  const size_t at = rest.rfind('@');
  if (at != std::string_view::npos && slash < at)
    refuse("has a '/' before its '@' (in a password it is written %2F)");
  const std::string_view path = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
  rest = rest.substr(0, slash);
  if (at != std::string_view::npos) take_credentials(rest, at, address);
  take_host(rest, address);
  if (!path.empty()) address.database = number(path, 0, kMaxDatabase, "database's number");
  return address;
}

Address parse_unix(std::string_view rest) {
  Address address;
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) refuse("names no socket");
  if (slash > 0) {
    if (rest[slash - 1] != '@') refuse("names a host before its socket");
    take_credentials(rest, slash - 1, address);
  }
  const size_t question = rest.find('?');
  address.socket = decode(rest.substr(0, question));
  if (address.socket.size() < 2) refuse("names no socket");
  if (question == std::string_view::npos) return address;
  const std::string_view option = rest.substr(question + 1);
  if (!option.starts_with("db=")) refuse("has an option after '?' other than db");
  address.database = number(option.substr(3), 0, kMaxDatabase, "database's number");
  return address;
}

}  // namespace

std::string Address::text() const {
  const std::string number = std::to_string(database);
  if (!socket.empty()) return "unix://" + socket + "?db=" + number;
  const bool is_v6 = host.find(':') != std::string::npos;
  return "redis://" + (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port) + "/" + number;
}

Address parse_url(std::string_view url) {
  constexpr std::string_view kTcp = "redis://", kTls = "rediss://", kUnix = "unix://";
  if (url.starts_with(kTls))
    refuse(
        "asks for TLS, which this plugin cannot do: use a private network, or a tunnel such as "
        "stunnel or WireGuard");
  if (url.starts_with(kTcp)) return parse_tcp(url.substr(kTcp.size()));
  if (url.starts_with(kUnix)) return parse_unix(url.substr(kUnix.size()));
  refuse("begins with neither redis:// nor unix://");
}

}  // namespace sluice::redis_plugin
