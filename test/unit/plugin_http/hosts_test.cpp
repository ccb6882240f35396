#include "plugins/http/hosts.h"

#include <catch2/catch.hpp>

#include "sluice/plugin.hpp"

namespace sluice::http {
namespace {

using Catch::Matchers::Contains;

Target http(const std::string& host, unsigned port = 80) {
  return {"http", host, port};
}
Target https(const std::string& host, unsigned port = 443) {
  return {"https", host, port};
}

bool allows(const HostRules& rules, const Target& target) {
  return !rules.refuse(target);
}
bool allows(const HostRules& rules, const Target& target, const char* address) {
  return !rules.refuse(target, *Address::parse(address));
}

TEST_CASE("a name allows itself at the scheme's port, and nothing near it") {
  const HostRules rules({"API.example.com"}, {});
  CHECK(allows(rules, https("api.example.com")));
  CHECK(allows(rules, http("api.example.com")));
  CHECK_FALSE(allows(rules, http("api.example.com", 443)));
  CHECK_FALSE(allows(rules, http("api.example.com", 22)));
  CHECK_FALSE(allows(rules, http("example.com")));
  CHECK_FALSE(allows(rules, http("x.api.example.com")));
  CHECK_FALSE(allows(rules, http("api.example.com.evil.org")));
  CHECK_FALSE(allows(rules, http("evilapi.example.com")));
}

TEST_CASE("a star stands for what is below a name, at any depth") {
  const HostRules rules({"*.example.com"}, {});
  CHECK(allows(rules, http("a.example.com")));
  CHECK(allows(rules, http("a.b.example.com")));
  CHECK_FALSE(allows(rules, http("example.com")));
  CHECK_FALSE(allows(rules, http("notexample.com")));
  CHECK_FALSE(allows(rules, http("example.com.evil.org")));
}

TEST_CASE("a port of an entry is the only one, and a star every one") {
  const HostRules rules({"example.com:8443", "other.com:*", "[fd00::1]:8080"}, {});
  CHECK(allows(rules, https("example.com", 8443)));
  CHECK_FALSE(allows(rules, https("example.com")));
  CHECK(allows(rules, http("other.com", 1)));
  CHECK(allows(rules, http("fd00::1", 8080)));
  CHECK_FALSE(allows(rules, http("fd00::1", 80)));
}

TEST_CASE("a lone star is every public host, and none that is not") {
  const HostRules rules({"*"}, {});
  CHECK(rules.any_host());
  CHECK(allows(rules, https("example.com")));
  CHECK(allows(rules, http("8.8.8.8")));
  CHECK_FALSE(allows(rules, http("8.8.8.8", 25)));
  CHECK_FALSE(allows(rules, http("10.0.0.1")));
  CHECK_FALSE(allows(rules, http("127.0.0.1")));
  CHECK_FALSE(allows(rules, http("::1")));
  CHECK_FALSE(allows(rules, http("localhost")));
  CHECK_FALSE(allows(rules, http("foo.localhost")));
  CHECK(allows(rules, https("example.com"), "93.184.216.34"));
  CHECK_FALSE(allows(rules, https("example.com"), "10.0.0.1"));
  CHECK_FALSE(allows(rules, https("example.com"), "127.0.0.1"));
  CHECK_FALSE(allows(rules, https("example.com"), "169.254.169.254"));
  CHECK_FALSE(allows(rules, https("example.com"), "::ffff:10.0.0.1"));
  CHECK_FALSE(allows(rules, https("example.com"), "64:ff9b::10.0.0.1"));
}

TEST_CASE("a listed name may not lie in a private network, unless its range or it says so") {
  CHECK_FALSE(allows(HostRules({"intra.example.com"}, {}), http("intra.example.com"), "10.1.2.3"));

  const HostRules ranged({"intra.example.com:8080", "10.0.0.0/8"}, {});
  CHECK(allows(ranged, http("intra.example.com", 8080), "10.1.2.3"));
  CHECK_FALSE(allows(ranged, http("intra.example.com", 8080), "192.168.0.1"));
  CHECK_FALSE(allows(ranged, http("intra.example.com", 8080), "127.0.0.1"));
  CHECK_FALSE(allows(HostRules({"intra.example.com", "10.0.0.0/8:8080"}, {}),
                     http("intra.example.com"), "10.1.2.3"));

  const HostRules named({"public.example.com"}, {"intra.example.com", "*.corp.example.com:*"});
  CHECK(allows(named, http("intra.example.com")));
  CHECK(allows(named, http("intra.example.com"), "10.1.2.3"));
  CHECK(allows(named, http("intra.example.com"), "fd12::1"));
  CHECK(allows(named, http("a.corp.example.com", 99), "127.0.0.1"));
  CHECK_FALSE(allows(named, http("public.example.com"), "10.1.2.3"));
}

TEST_CASE("no name leads to where clouds hand out credentials, nor to what is no host") {
  const HostRules rules({}, {"intra.example.com"});
  for (const char* address :
       {"169.254.169.254", "169.254.0.1", "fe80::1", "fd00:ec2::254", "0.0.0.0", "::", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "2002:a00:1::1"}) {
    INFO(address);
    CHECK_FALSE(allows(rules, http("intra.example.com"), address));
  }
  // Whoever wants it lists the address itself.
  const HostRules listed({"169.254.169.254"}, {});
  CHECK(allows(listed, http("169.254.169.254")));
  CHECK(allows(listed, http("169.254.169.254"), "169.254.169.254"));
}

TEST_CASE("localhost with its port is this machine, and nothing else") {
  const HostRules rules({"localhost:8080"}, {});
  CHECK(allows(rules, http("localhost", 8080)));
  CHECK(allows(rules, http("localhost", 8080), "127.0.0.1"));
  CHECK(allows(rules, http("localhost", 8080), "::1"));
  CHECK_FALSE(allows(rules, http("localhost", 8080), "10.0.0.1"));
  CHECK_FALSE(allows(rules, http("localhost", 80)));
  CHECK_FALSE(allows(rules, http("127.0.0.1", 8080)));
  CHECK_FALSE(allows(rules, http("other.com", 8080), "127.0.0.1"));
}

TEST_CASE("an address and a range allow themselves") {
  const HostRules rules({"10.0.0.5", "192.168.0.0/16:*", "8.8.8.8:53"}, {});
  CHECK(allows(rules, http("10.0.0.5")));
  CHECK(allows(rules, http("10.0.0.5"), "10.0.0.5"));
  CHECK_FALSE(allows(rules, http("10.0.0.5", 8080)));
  CHECK_FALSE(allows(rules, http("10.0.0.6")));
  CHECK(allows(rules, http("192.168.7.8", 6379)));
  CHECK(allows(rules, http("8.8.8.8", 53)));
  CHECK_FALSE(allows(rules, http("8.8.8.8")));
}

TEST_CASE("refusals say what was refused and what decides") {
  const HostRules rules({"example.com"}, {});
  CHECK_THAT(*rules.refuse(http("evil.com", 81)), Contains("does not list evil.com:81"));
  CHECK_THAT(*rules.refuse(http("::1")),
             Contains("::1 is of this machine") && Contains("[::1]:80"));
  CHECK(
      *rules.refuse(http("example.com"), *Address::parse("10.0.0.1")) ==
      "the address 10.0.0.1 of 'example.com' is private; the plugin's configuration does not list "
      "it");
}

TEST_CASE("entries that are none are refused with words") {
  const auto why = [](const std::string& entry, bool is_private = false) -> std::string {
    try {
      const std::vector<std::string> list = {entry};
      is_private ? HostRules({}, list) : HostRules(list, {});
    } catch (const plugin::Failure& failure) {
      return failure.what();
    }
    return "";
  };
  CHECK_THAT(why("http://example.com"), Contains("is a URL"));
  CHECK_THAT(why("exa mple.com"), Contains("no host"));
  CHECK_THAT(why("example.com."), Contains("no host"));
  CHECK_THAT(why("ex*mple.com"), Contains("no host"));
  CHECK_THAT(why("*.*.com"), Contains("\"*.\""));
  CHECK_THAT(why(""), Contains("no host"));
  CHECK_THAT(why("example.com:0"), Contains("port"));
  CHECK_THAT(why("example.com:65536"), Contains("port"));
  CHECK_THAT(why("example.com:"), Contains("port"));
  CHECK_THAT(why("example.com:80x"), Contains("port"));
  CHECK_THAT(why("10.0.0.1/8"), Contains("no range"));
  CHECK_THAT(why("0.0.0.0/0"), Contains("too wide"));
  CHECK_THAT(why("128.0.0.0/1"), Contains("too wide"));
  CHECK_THAT(why("::/0"), Contains("too wide"));
  CHECK_THAT(why("[::1"), Contains("bracket"));
  CHECK_THAT(why("[::1]x"), Contains("bracket"));
  CHECK_THAT(why("[1.2.3.4]"), Contains("brackets"));
  CHECK_THAT(why("[example.com]"), Contains("no host"));
  CHECK_THAT(why("2130706433"), Contains("no host"));
  CHECK_THAT(why("0x7f.1"), Contains("no host"));
  CHECK_THAT(why("*", true), Contains("private_hosts"));
  CHECK_THAT(why("10.0.0.0/8", true), Contains("private_hosts"));
  CHECK(why("fc00::/7").empty());
  CHECK(why("[::1]:80").empty());
  CHECK(why("::1").empty());
  CHECK(why("*.localhost:80").empty());
}

}  // namespace
}  // namespace sluice::http
