#include "plugins/http/addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <span>

namespace sluice::http {
namespace {

struct Entry {
  const char* range;
  Reach reach;
};

// The first that fits decides. From IANA's registries of special-purpose addresses.
constexpr Entry kV4[] = {
    {"168.63.129.16/32", Reach::kMetadata},  // Azure's, though its address is a public one
    {"169.254.169.254/32", Reach::kMetadata},  {"100.100.100.200/32", Reach::kMetadata},  // Alibaba
    {"192.0.0.192/32", Reach::kMetadata},                                                 // Oracle
    {"0.0.0.0/8", Reach::kUnspecified},        {"10.0.0.0/8", Reach::kPrivate},
    {"100.64.0.0/10", Reach::kPrivate},        {"127.0.0.0/8", Reach::kLoopback},
    {"169.254.0.0/16", Reach::kLinkLocal},     {"172.16.0.0/12", Reach::kPrivate},
    {"192.0.0.0/24", Reach::kReserved},        {"192.0.2.0/24", Reach::kReserved},
    {"192.88.99.0/24", Reach::kTunnel},        {"192.168.0.0/16", Reach::kPrivate},
    {"198.18.0.0/15", Reach::kReserved},       {"198.51.100.0/24", Reach::kReserved},
    {"203.0.113.0/24", Reach::kReserved},      {"224.0.0.0/4", Reach::kMulticast},
    {"255.255.255.255/32", Reach::kBroadcast}, {"240.0.0.0/4", Reach::kReserved},
};

// What is not in 2000::/3 was never given to the public Internet, so that the list may be short.
constexpr Entry kV6[] = {
    {"::/128", Reach::kUnspecified},
    {"::1/128", Reach::kLoopback},
    {"::/96", Reach::kTunnel},           // "IPv4-compatible"
    {"64:ff9b:1::/48", Reach::kTunnel},  // NAT64 of a network's own
    {"fd00:ec2::254/128", Reach::kMetadata},
    {"fd20:ce::254/128", Reach::kMetadata},
    {"fc00::/7", Reach::kPrivate},
    {"fe80::/10", Reach::kLinkLocal},
    {"fec0::/10", Reach::kPrivate},  // site-local, of old
    {"ff00::/8", Reach::kMulticast},
    {"2001::/32", Reach::kTunnel},    // Teredo
    {"2001::/23", Reach::kReserved},  // protocols' own
    {"2001:db8::/32", Reach::kReserved},
    {"2002::/16", Reach::kTunnel},  // 6to4
    {"3fff::/20", Reach::kReserved},
    {"2000::/3", Reach::kPublic},
};

constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr uint8_t kNat64[12] = {0, 0x64, 0xff, 0x9b};

}  // namespace

const char* describe(Reach reach) {
  switch (reach) {
    case Reach::kPublic:
      return "public";
    case Reach::kLoopback:
      return "of this machine (loopback)";
    case Reach::kPrivate:
      return "private";
    case Reach::kLinkLocal:
      return "link-local";
    case Reach::kMetadata:
      return "that of a cloud's metadata";
    case Reach::kMulticast:
      return "for multicast";
    case Reach::kBroadcast:
      return "for broadcast";
    case Reach::kUnspecified:
      return "unspecified";
    case Reach::kReserved:
      return "reserved";
    case Reach::kTunnel:
      return "one of a tunnel";
  }
  return "unknown";
}

Address::Address(const uint8_t* bytes, bool v4) : v4_(v4) {
  if (!v4 && (std::memcmp(bytes, kMapped, 12) == 0 || std::memcmp(bytes, kNat64, 12) == 0)) {
    bytes += 12;
    v4_ = true;
  }
  std::copy(bytes, bytes + (v4_ ? 4 : 16), bytes_.begin());
}

std::optional<Address> Address::parse(std::string_view text) {
  // inet_pton stops at a zero byte.
  if (text.find('\0') != text.npos) return {};
  const std::string copy(text);
  uint8_t bytes[16];
  if (inet_pton(AF_INET, copy.c_str(), bytes) == 1) return Address(bytes, true);
  if (inet_pton(AF_INET6, copy.c_str(), bytes) == 1) return Address(bytes, false);
  return {};
}

std::optional<Address> Address::of(const sockaddr& address, size_t size) {
  if (address.sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in in;
    std::memcpy(&in, &address, sizeof in);
    return Address(reinterpret_cast<const uint8_t*>(&in.sin_addr), true);
  }
  if (address.sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in;
    std::memcpy(&in, &address, sizeof in);
    const Address found(in.sin6_addr.s6_addr, false);
    // With a zone it is another network's, whatever it looks like.
    if (in.sin6_scope_id != 0 && found.reach() != Reach::kLinkLocal) return {};
    return found;
  }
  return {};
}

Reach Address::reach() const {
  for (const Entry& entry : v4_ ? std::span<const Entry>(kV4) : std::span<const Entry>(kV6))
    if (Range::parse(entry.range)->contains(*this)) return entry.reach;
  return v4_ ? Reach::kPublic : Reach::kReserved;
}

std::string Address::text() const {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), text, sizeof text);
  return text;
}

std::optional<Range> Range::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto start = Address::parse(text.substr(0, slash));
  if (!start) return {};
  const unsigned most = start->v4() ? 32 : 128;
  unsigned bits = most;
  if (slash != text.npos) {
    const std::string_view number = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
    if (error != std::errc() || end != number.data() + number.size() || bits > most) return {};
    // A range inside of the mapped ones would be counted from another end.
    if (start->v4() && text.substr(0, slash).find(':') != text.npos) return {};
  }
  for (unsigned bit = bits; bit < most; ++bit)
    if ((start->bytes_[bit / 8] >> (7 - bit % 8)) & 1) return {};
  return Range(*start, bits);
}

bool Range::contains(const Address& address) const {
  if (address.v4_ != start_.v4_) return false;
  for (unsigned bit = 0; bit < bits_; bit += 8) {
    const uint8_t mask =
        bits_ - bit >= 8 ? 0xff : static_cast<uint8_t>(0xff << (8 - (bits_ - bit)));
    if (((address.bytes_[bit / 8] ^ start_.bytes_[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace sluice::http
