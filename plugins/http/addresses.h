// Which IP addresses lie inside of a network. Pure: no sockets, no names, no configuration.
//
// A server that fetches what its callers name must not be a way into the network it stands in. So
// only addresses of the public Internet pass by themselves; every other one needs to be listed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace sluice::http {

// What an address is for. All but kPublic are refused unless they are listed.
enum class Reach {
  kPublic,
  kLoopback,
  kPrivate,    // RFC 1918, unique local IPv6, shared address space of carriers
  kLinkLocal,  // where clouds have their metadata
  kMetadata,   // the known ones, wherever they lie
  kMulticast,
  kBroadcast,
  kUnspecified,  // "this host" to connect()
  kReserved,     // documentation, benchmarks, protocols' own, never assigned
  kTunnel,       // IPv6 that carries an IPv4 address to somewhere else
};
// For errors: "the address 10.0.0.1 is private".
const char* describe(Reach reach);

// An IPv4 or IPv6 address. IPv4 in its mapped form (::ffff:a.b.c.d) and that of a NAT64
// (64:ff9b::a.b.c.d) is the IPv4 address: that is where packets go.
class Address {
 public:
  // As written without brackets, port and zone: "10.0.0.1", "::1". Only the usual four decimal
  // numbers are IPv4. Nothing when it is no address.
  static std::optional<Address> parse(std::string_view text);
  // Nothing for other families, and for IPv6 with a zone other than none when it is not link-local.
  static std::optional<Address> of(const sockaddr& address, size_t size);

  bool v4() const { return v4_; }
  Reach reach() const;
  std::string text() const;

  bool operator==(const Address&) const = default;

 private:
  friend class Range;
  Address(const uint8_t* bytes, bool v4);

  std::array<uint8_t, 16> bytes_{};  // the first four of IPv4
  bool v4_ = false;
};

// Addresses with the same beginning: "10.0.0.0/8", "fd00::/8", or a single one.
class Range {
 public:
  static std::optional<Range> parse(std::string_view text);  // bits behind the prefix must be 0
  bool contains(const Address& address) const;
  bool v4() const { return start_.v4(); }
  unsigned bits() const { return bits_; }

 private:
  Range(const Address& start, unsigned bits) : start_(start), bits_(bits) {}

  Address start_;
  unsigned bits_;
};

}  // namespace sluice::http
