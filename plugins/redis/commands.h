// Which commands the action `command` may send.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::redis_plugin {

// The allow list. Names are matched without regard to case: "GET", or with a subcommand "CONFIG
// GET"; a command without a subcommand stands for all of them.
class AllowList {
 public:
  // Throws plugin::Failure for what can never be allowed, with the reason, and for what is no name
  // of a command.
  explicit AllowList(const std::vector<std::string>& names);

  // What handles data by its key, and nothing else.
  static AllowList harmless();

  // Throws plugin::Failure when the command must not be sent: it is not listed, or it would do harm
  // to those who share the connection.
  void check(const std::vector<std::string>& words) const;

 private:
  std::set<std::string> allowed_;  // in capitals
};

}  // namespace sluice::redis_plugin
