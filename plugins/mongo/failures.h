// What the driver says went wrong, for actions and for the log.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "plugins/mongo/handles.h"
#include "sluice/plugin.hpp"

namespace sluice::plugin::mongo {

// What an action is told: MongoDB's own message and code, but of trouble on the way to it only what
// kind it is.
std::string message_of(const bson_error_t& error);

// Whether the error is about the connection, whose details (addresses, logins) are for the log
// alone.
bool is_trouble(const bson_error_t& error);

// Trouble in the log: not more than once in ten seconds, however many calls fail.
class TroubleLog {
 public:
  explicit TroubleLog(const sluice_host& host) : host_(host) {}
  void say(const bson_error_t& error);

 private:
  const sluice_host& host_;
  std::atomic<int64_t> next_ms_{0};
};

}  // namespace sluice::plugin::mongo
