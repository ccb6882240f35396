#include "api/http/peers.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <functional>
#include <string_view>

namespace sluice::api {
namespace {

constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

Peer peer_of(const sockaddr& address) {
  Peer peer{};
  if (address.sa_family == AF_INET6) {
    const auto& bytes = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr.s6_addr;
    const bool mapped = std::memcmp(bytes, kMapped, sizeof kMapped) == 0;  // IPv4 in IPv6
    std::memcpy(peer.data(), bytes, mapped ? 16 : 8);
  } else if (address.sa_family == AF_INET) {
    std::memcpy(peer.data(), kMapped, sizeof kMapped);
    std::memcpy(peer.data() + 12, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
  }
  return peer;
}

size_t Peers::Hash::operator()(const Peer& peer) const {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(peer.data()), peer.size()});
}

bool Peers::enter(const Peer& peer) {
  if (most_ == 0) return true;
  size_t& count = counts_[peer];
  if (count == most_) return false;
  ++count;
  return true;
}

void Peers::leave(const Peer& peer) {
  const auto found = counts_.find(peer);
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

}  // namespace sluice::api
