#include "plugins/http/hosts.h"

#include <algorithm>
#include <charconv>

#include "plugins/http/text.h"
#include "sluice/plugin.hpp"

namespace sluice::http {
namespace {

using plugin::Failure;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// RFC 6761: whatever the name servers say, these are this machine.
bool is_local_name(std::string_view name) {
  return name == "localhost" || ends_with(name, ".localhost");
}

// Wider ones hold public and private addresses alike; for those there is "*".
bool too_wide(const Range& range) {
  return range.bits() < (range.v4() ? 8u : 7u);
}

[[noreturn]] void bad_entry(const std::string& text, const std::string& why) {
  throw Failure("'" + text + "' in 'hosts' " + why);
}

}  // namespace

std::string Target::authority() const {
  const bool v6 = host.find(':') != host.npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  size_t begin = 0;
  std::string_view label;
  while (begin <= host.size()) {
    label = host.substr(begin, host.find('.', begin) - begin);
    if (label.empty() || label.size() > 63) return false;
    for (const char c : label)
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) return false;
    begin += label.size() + 1;
  }
  const bool number = label.find_first_not_of("0123456789") == label.npos;
  const bool hex =
      label.substr(0, 2) == "0x" && label.find_first_not_of("0123456789abcdef", 2) == label.npos;
  return !number && !hex;
}

HostRules::HostRules(const std::vector<std::string>& hosts,
                     const std::vector<std::string>& private_hosts) {
  for (const std::string& text : hosts) entries_.push_back(parse(text, false));
  for (const std::string& text : private_hosts) {
    entries_.push_back(parse(text, true));
    const Entry::Kind kind = entries_.back().kind;
    if (kind == Entry::Kind::kAny)
      throw Failure("'*' in 'private_hosts' would open the whole network: list names");
    if (kind == Entry::Kind::kRange)
      throw Failure("'" + text + "' in 'private_hosts' is no name: addresses stand in 'hosts'");
  }
}

HostRules::Entry HostRules::parse(const std::string& text, bool may_be_private) {
  Entry entry;
  entry.may_be_private = may_be_private;
  if (text.find("://") != text.npos) bad_entry(text, "is a URL: write its host, and its port");
  std::string host = lower(text), port;
  bool bracketed = false;
  if (!host.empty() && host[0] == '[') {
    const size_t end = host.find(']');
    if (end == host.npos) bad_entry(text, "has no closing bracket");
    port = host.substr(end + 1);
    host = host.substr(1, end - 1);
    bracketed = true;
    if (!port.empty() && port[0] != ':') bad_entry(text, "has something behind its bracket");
  } else if (const size_t colon = host.rfind(':');
             colon != host.npos && host.find(':') == colon) {  // more than one: IPv6
    port = host.substr(colon);
    host.resize(colon);
  }

  if (port == ":*") {
    entry.ports = Entry::Port::kEvery;
  } else if (!port.empty()) {
    entry.ports = Entry::Port::kOne;
    const char* const end = port.data() + port.size();
    const auto read = std::from_chars(port.data() + 1, end, entry.port);
    if (read.ec != std::errc() || read.ptr != end || entry.port < 1 || entry.port > 65535)
      bad_entry(text, "has a port that is none: 1 to 65535, or * for every port");
  }

  if (host == "*") {
    entry.kind = Entry::Kind::kAny;
  } else if (host.substr(0, 2) == "*.") {
    entry.kind = Entry::Kind::kBelow;
    entry.name = host.substr(1);
    if (!is_host_name(host.substr(2))) bad_entry(text, "is no \"*.\" with a host's name behind it");
    if (is_local_name(host)) entry.may_be_private = true;
  } else if (entry.range = Range::parse(host); entry.range) {
    entry.kind = Entry::Kind::kRange;
    if (bracketed && entry.range->v4() && host.find(':') == host.npos)
      bad_entry(text, "has an IPv4 address in brackets");
    if (too_wide(*entry.range))
      bad_entry(text, "is too wide a range: /8 at least, /7 for IPv6; '*' is every public host");
  } else if (!bracketed && is_host_name(host)) {
    entry.name = host;
    // This machine is where it is, and nowhere else.
    if (is_local_name(host)) entry.may_be_private = true;
  } else if (host.find('/') != host.npos) {
    bad_entry(text, "is no range: \"10.0.0.0/8\", with only zeros behind those 8 bits");
  } else {
    bad_entry(
        text,
        "is no host: a name, \"*.\" with a name, an address or a range, and a port where it is "
        "not the scheme's own");
  }
  return entry;
}

bool HostRules::Entry::port_fits(const Target& target) const {
  switch (ports) {
    case Port::kDefault:
      return target.port == target.default_port();
    case Port::kOne:
      return target.port == port;
    case Port::kEvery:
      return true;
  }
  return false;
}

bool HostRules::Entry::names(const Target& target) const {
  if (!port_fits(target)) return false;
  const auto literal = Address::parse(target.host);
  switch (kind) {
    case Kind::kAny:
      return !is_local_name(target.host) && (!literal || literal->reach() == Reach::kPublic);
    case Kind::kName:
      return target.host == name;
    case Kind::kBelow:
      return !literal && target.host.size() > name.size() && ends_with(target.host, name);
    case Kind::kRange:
      return literal && range->contains(*literal);
  }
  return false;
}

bool HostRules::any_host() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return entry.kind == Entry::Kind::kAny; });
}

std::optional<std::string> HostRules::refuse(const Target& target) const {
  for (const Entry& entry : entries_)
    if (entry.names(target)) return {};
  const auto literal = Address::parse(target.host);
  if (literal && literal->reach() != Reach::kPublic)
    return "the address " + literal->text() + " is " + describe(literal->reach()) +
           "; the plugin's configuration does not list " + target.authority();
  return "the plugin's configuration does not list " + target.authority() + " in its 'hosts'";
}

std::optional<std::string> HostRules::refuse(const Target& target, const Address& address) const {
  const Reach reach = address.reach();
  if (reach == Reach::kPublic) return {};
  for (const Entry& entry : entries_) {
    // A range without a port says which addresses are in order; the port was judged with the name.
    if (entry.kind == Entry::Kind::kRange && entry.range->contains(address) &&
        (entry.ports != Entry::Port::kOne || entry.port == target.port))
      return {};
    // Never the machines that hand out credentials, nor what is no host at all.
    const bool inside = reach == Reach::kLoopback || reach == Reach::kPrivate;
    if (entry.may_be_private && inside && entry.names(target) &&
        (!is_local_name(target.host) || reach == Reach::kLoopback))
      return {};
  }
  return "the address " + address.text() + " of '" + target.host + "' is " + describe(reach) +
         "; the plugin's configuration does not list it";
}

}  // namespace sluice::http
