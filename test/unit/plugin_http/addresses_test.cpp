// Every range of special addresses, at its first and last address and just beyond both.
#include "plugins/http/addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <catch2/catch.hpp>
#include <cstring>

namespace sluice::http {
namespace {

Reach reach(const std::string& text) {
  const auto address = Address::parse(text);
  INFO(text);
  REQUIRE(address);
  return address->reach();
}

TEST_CASE("IPv4 addresses are judged by their ranges") {
  struct Row {
    const char *before, *first, *last, *after;
    Reach reach;
  };
  // Where the neighbour is special as well, "" stands for it.
  const Row rows[] = {
      {"", "0.0.0.0", "0.255.255.255", "1.0.0.0", Reach::kUnspecified},
      {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", Reach::kPrivate},
      {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", Reach::kPrivate},
      {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", Reach::kLoopback},
      {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0", Reach::kLinkLocal},
      {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", Reach::kPrivate},
      {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0", Reach::kReserved},
      {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", Reach::kReserved},
      {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0", Reach::kTunnel},
      {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0", Reach::kPrivate},
      {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0", Reach::kReserved},
      {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", Reach::kReserved},
      {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0", Reach::kReserved},
      {"223.255.255.255", "224.0.0.0", "239.255.255.255", "", Reach::kMulticast},
      {"", "240.0.0.0", "255.255.255.254", "", Reach::kReserved},
      {"", "255.255.255.255", "255.255.255.255", "", Reach::kBroadcast},
      {"168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17", Reach::kMetadata},
  };
  for (const Row& row : rows) {
    INFO(row.first);
    CHECK(reach(row.first) == row.reach);
    CHECK(reach(row.last) == row.reach);
    if (*row.before != '\0') CHECK(reach(row.before) == Reach::kPublic);
    if (*row.after != '\0') CHECK(reach(row.after) == Reach::kPublic);
  }
  CHECK(reach("169.254.169.254") == Reach::kMetadata);
  CHECK(reach("100.100.100.200") == Reach::kMetadata);
  CHECK(reach("192.0.0.192") == Reach::kMetadata);
}

TEST_CASE("IPv6 addresses are judged by their ranges") {
  const std::pair<const char*, Reach> rows[] = {
      {"::", Reach::kUnspecified},
      {"::1", Reach::kLoopback},
      {"::2", Reach::kTunnel},
      {"::7f00:1", Reach::kTunnel},
      {"::10.0.0.1", Reach::kTunnel},
      {"::8.8.8.8", Reach::kTunnel},
      {"fc00::", Reach::kPrivate},
      {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Reach::kPrivate},
      {"fe80::1", Reach::kLinkLocal},
      {"febf:ffff::1", Reach::kLinkLocal},
      {"fec0::1", Reach::kPrivate},
      {"ff02::1", Reach::kMulticast},
      {"ff0e::1", Reach::kMulticast},
      {"fd00:ec2::254", Reach::kMetadata},
      {"2001::1", Reach::kTunnel},
      {"2001:0:7f00:1::", Reach::kTunnel},
      {"2001:2::1", Reach::kReserved},
      {"2001:10::1", Reach::kReserved},
      {"2001:1ff:ffff::1", Reach::kReserved},
      {"2001:200::1", Reach::kPublic},
      {"2001:db7:ffff::1", Reach::kPublic},
      {"2001:db8::1", Reach::kReserved},
      {"2001:db9::1", Reach::kPublic},
      {"2002:7f00:1::", Reach::kTunnel},
      {"2002:808:808::1", Reach::kTunnel},
      {"2003::1", Reach::kPublic},
      {"2606:4700::1111", Reach::kPublic},
      {"3ffe::1", Reach::kPublic},
      {"3fff::1", Reach::kReserved},
      {"3fff:1000::1", Reach::kPublic},
      {"1fff:ffff::1", Reach::kReserved},
      {"4000::1", Reach::kReserved},
      {"5f00::1", Reach::kReserved},
      {"100::1", Reach::kReserved},
      {"64:ff9b:1::1", Reach::kTunnel},
      {"64:ff9c::1", Reach::kReserved},
      {"::ffff:0:127.0.0.1", Reach::kReserved},  // "translated"
  };
  for (const auto& [text, expected] : rows) {
    INFO(text);
    CHECK(reach(text) == expected);
  }
}

TEST_CASE("an IPv4 address is the same inside of an IPv6 one") {
  for (const char* prefix : {"::ffff:", "64:ff9b::"}) {
    INFO(prefix);
    CHECK(reach(prefix + std::string("127.0.0.1")) == Reach::kLoopback);
    CHECK(reach(prefix + std::string("10.1.2.3")) == Reach::kPrivate);
    CHECK(reach(prefix + std::string("169.254.169.254")) == Reach::kMetadata);
    CHECK(reach(prefix + std::string("0.0.0.0")) == Reach::kUnspecified);
    CHECK(reach(prefix + std::string("8.8.8.8")) == Reach::kPublic);
    CHECK(Address::parse(prefix + std::string("10.1.2.3")) == Address::parse("10.1.2.3"));
  }
  CHECK(Address::parse("::ffff:7f00:1")->text() == "127.0.0.1");
}

TEST_CASE("only the usual form of an address is one") {
  for (const char* text : {"", "1", "127.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "127.0.0.01",
                           "0177.0.0.1", "127.0.0.1.", " 127.0.0.1", "127.0.0.1 ", "1.2.3.4.5",
                           "256.0.0.1", "[::1]", "::1%lo", "fe80::1%1", ":::", "localhost"}) {
    INFO(text);
    CHECK_FALSE(Address::parse(text));
  }
  CHECK_FALSE(Address::parse(std::string_view("127.0.0.1\0.example.com", 22)));
}

TEST_CASE("an address is read from what connect() is given") {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(0x0a000001);
  CHECK(Address::of(reinterpret_cast<sockaddr&>(in), sizeof in)->text() == "10.0.0.1");
  CHECK_FALSE(Address::of(reinterpret_cast<sockaddr&>(in), 4));

  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &in6.sin6_addr);
  CHECK(Address::of(reinterpret_cast<sockaddr&>(in6), sizeof in6)->reach() == Reach::kLoopback);
  inet_pton(AF_INET6, "2606:4700::1111", &in6.sin6_addr);
  CHECK(Address::of(reinterpret_cast<sockaddr&>(in6), sizeof in6)->reach() == Reach::kPublic);
  in6.sin6_scope_id = 2;
  CHECK_FALSE(Address::of(reinterpret_cast<sockaddr&>(in6), sizeof in6));

  sockaddr other{};
  other.sa_family = AF_UNIX;
  CHECK_FALSE(Address::of(other, sizeof other));
}

TEST_CASE("a range holds the addresses with its beginning") {
  const auto holds = [](const char* range, const char* address) {
    INFO(range << " " << address);
    REQUIRE(Range::parse(range));
    return Range::parse(range)->contains(*Address::parse(address));
  };
  CHECK(holds("10.0.0.0/8", "10.255.255.255"));
  CHECK_FALSE(holds("10.0.0.0/8", "11.0.0.0"));
  CHECK(holds("172.16.0.0/12", "172.31.0.1"));
  CHECK_FALSE(holds("172.16.0.0/12", "172.32.0.1"));
  CHECK(holds("10.0.0.5", "10.0.0.5"));
  CHECK_FALSE(holds("10.0.0.5", "10.0.0.4"));
  CHECK(holds("10.0.0.4/31", "10.0.0.5"));
  CHECK(holds("10.0.0.0/8", "::ffff:10.0.0.1"));
  CHECK(holds("fd00::/9", "fd7f::1"));
  CHECK_FALSE(holds("fd00::/9", "fd80::1"));
  CHECK_FALSE(holds("::/1", "10.0.0.1"));
  CHECK(holds("0.0.0.0/0", "1.2.3.4"));
  for (const char* text : {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8 ",
                           "fd00::/129", "::ffff:10.0.0.0/104", "10.0.0.0/0x8", "x/8", "/8"}) {
    INFO(text);
    CHECK_FALSE(Range::parse(text));
  }
}

TEST_CASE("each kind of address has words") {
  for (int kind = 0; kind <= static_cast<int>(Reach::kTunnel); ++kind)
    CHECK(std::strcmp(describe(static_cast<Reach>(kind)), "unknown") != 0);
}

}  // namespace
}  // namespace sluice::http
