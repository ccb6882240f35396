// The hosts that actions may reach, as the configuration lists them.
//
//     hosts = { "api.example.com", "*.example.com", "example.com:8443", "10.0.0.5", "10.0.0.0/8:*"
//     }
//
// An entry is a name, "*." and a name (whatever stands below it, at any depth), "*" (every public
// host), an address, or a range of addresses; with a port behind it, or ":*" for every port.
// Without one it is the scheme's own: 80 for http, 443 for https. IPv6 with a port stands in
// brackets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/http/addresses.h"

namespace sluice::http {

// Where a request goes. `host` in lower case, IPv6 without brackets.
struct Target {
  std::string scheme;
  std::string host;
  unsigned port = 0;

  std::string authority() const;  // "example.com:8443", "[::1]:80"
  unsigned default_port() const { return scheme == "https" ? 443 : 80; }
  bool operator==(const Target&) const = default;
};

class HostRules {
 public:
  // Throws Failure with the entry that is wrong. `hosts`: what may be reached. `private_hosts`:
  // names that may be reached, and lie in a private network or on this machine.
  HostRules(const std::vector<std::string>& hosts, const std::vector<std::string>& private_hosts);

  // By what the URL says. Nothing: it may be asked for; else the reason why not.
  std::optional<std::string> refuse(const Target& target) const;

  // By the address that a connection goes to, for a target that passed refuse().
  std::optional<std::string> refuse(const Target& target, const Address& address) const;

  bool any_host() const;  // "*" is listed

 private:
  struct Entry {
    enum class Kind { kAny, kName, kBelow, kRange };
    enum class Port { kDefault, kOne, kEvery };

    Kind kind = Kind::kName;
    std::string name;
    std::optional<Range> range;
    Port ports = Port::kDefault;
    unsigned port = 0;
    bool may_be_private = false;

    bool names(const Target& target) const;
    bool port_fits(const Target& target) const;
  };

  static Entry parse(const std::string& text, bool may_be_private);

  std::vector<Entry> entries_;
};

// Whether it is a host name as this plugin takes them: labels of letters, digits, "-" and "_",
// in lower case, the last of them no number (that would be an odd way to write an IPv4 address).
bool is_host_name(std::string_view host);

}  // namespace sluice::http
