// Where a Redis server is, and as whom to speak to it.
#pragma once

#include <string>
#include <string_view>

namespace sluice::redis_plugin {

struct Address {
  std::string host = "localhost";  // not used with a socket
  int port = 6379;
  std::string socket;  // its path; empty: TCP
  std::string user;    // empty: Redis's default user
  std::string password;
  int database = 0;

  // For messages: "redis://host:6379/0", without user and password.
  std::string text() const;
};

inline constexpr int kMaxDatabase = 1'000'000;

//   redis://[[user]:password@]host[:port][/database]
//   unix://[[user]:password@]/path/to/socket[?db=database]
//
// User, password and path may be percent-encoded. Throws plugin::Failure, which does not show the
// password.
Address parse_url(std::string_view url);

}  // namespace sluice::redis_plugin
