// Pool: the connections that calls share, each used by one at a time. They are made when they are
// needed; as many as calls are under way, so never more than the server's `concurrency`.
//
// Threads: any.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plugins/redis/connection.h"

namespace sluice::redis_plugin {

class Pool {
 public:
  // `host` gives the number of connections, and takes to its log when the server goes and comes
  // back.
  Pool(const sluice_host& host, Address address, std::chrono::milliseconds connect_timeout);

  // Carries a command out, on a connection that is there or on a new one. It is tried again, once
  // and on a new connection, only when nothing of it was sent: no command is carried out twice.
  // Throws Failure: at once while the server was found to be away a moment ago.
  Reply run(const Words& words, ReplyLimits limits, const plugin::Pending& call);

 private:
  using Clock = Connection::Clock;
  using ConnectionPtr = std::unique_ptr<Connection>;

  ConnectionPtr take_idle();
  ConnectionPtr connect(const plugin::Pending& call);
  void note_back();
  void note_away(const std::string& why);
  void give_back(ConnectionPtr connection);

  const sluice_host& host_;
  const Address address_;
  const std::chrono::milliseconds connect_timeout_;

  std::mutex mutex_;  // guards what follows
  std::vector<ConnectionPtr> idle_;
  std::string away_;  // why connecting failed last; empty: it did not
  std::chrono::milliseconds pause_{};
  Clock::time_point retry_at_{};
};

}  // namespace sluice::redis_plugin
