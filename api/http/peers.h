// Peers: how many connections each address has.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

struct sockaddr;

namespace sluice::api {

// One client's address. An IPv6 network of /64 is one client, since it is what one gets.
using Peer = std::array<uint8_t, 16>;

Peer peer_of(const sockaddr& address);

class Peers {
 public:
  // `most` connections of one peer; 0: any number.
  explicit Peers(size_t most) : most_(most) {}

  bool enter(const Peer& peer);  // false: it has as many as it may; nothing was counted
  void leave(const Peer& peer);  // one that entered

  size_t size() const { return counts_.size(); }  // peers with a connection

 private:
  struct Hash {
    size_t operator()(const Peer& peer) const;
  };

  const size_t most_;
  std::unordered_map<Peer, size_t, Hash> counts_;
};

}  // namespace sluice::api
