// The address of a Redis server, as people write it:
//
//   redis://[[user]:password@]host[:port][/database]
//   unix://[[user]:password@]/path/to/socket[?db=database]
//
// User, password and path may be percent-encoded.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::redis {

struct Address {
  std::string host;  // empty: a unix socket
  int port = 6379;
  std::string socket;  // its path
  std::string user;    // empty: Redis's default user
  std::string password;
  int database = 0;

  std::string text() const;  // for logs: "redis://host:6379/0", without user and password
};

// kInvalid: what is wrong, without showing a password.
Result<Address> parse_url(std::string_view url);

}  // namespace sluice::redis
