// Connection: one connection to Redis, used by one call at a time. It blocks, but never beyond the
// call's time, and sees within moments that nobody waits for the call any more.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "plugins/redis/address.h"
#include "plugins/redis/handles.h"
#include "plugins/redis/reply.h"
#include "sluice/plugin.hpp"

namespace sluice::redis_plugin {

// The server cannot be reached, or does not let us in.
struct Unreachable : plugin::Failure {
  using Failure::Failure;
};

// The connection broke before any byte of the command was sent: another may try it again.
struct NothingSent : plugin::Failure {
  using Failure::Failure;
};

// The command and its arguments.
using Words = std::vector<std::string>;

class Connection {
 public:
  using Clock = std::chrono::steady_clock;

  // Connects, authenticates and selects the database, within `timeout` and the call's own time.
  // Throws Unreachable, or Failure when the call's time is over.
  Connection(const Address& address, std::chrono::milliseconds timeout,
             const plugin::Pending& call);

  // False when the server has closed it, or sent what nobody asked for.
  bool is_fresh() const;

  // Sends a command and waits for its answer. What it throws (Failure, NothingSent) means that the
  // connection must not be used again.
  Reply exchange(const Words& words, ReplyLimits limits, const plugin::Pending& call);

  Clock::time_point idle_since{};  // for who keeps it

 private:
  struct Wait;
  void greet(const Words& words, const Wait& wait);
  void send(const Words& words, const Wait& wait);
  Reply receive(ReplyLimits limits, const Wait& wait);
  [[noreturn]] void cannot_connect(const std::string& why, const Wait& wait) const;
  static std::string no_answer(const std::string& why);

  ContextPtr context_;
};

}  // namespace sluice::redis_plugin
