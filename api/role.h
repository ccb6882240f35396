// Role: what a token may do, and what a route asks of whoever calls it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::api {

// From the least to the most: each includes those before it. A token has one of the last three.
enum class Role : uint8_t {
  kProbe,   // a route that answers whoever watches over the process: no token, any Host
  kAnyone,  // a route that needs no token
  kRead,    // looks: actions, records, results, metrics
  kInvoke,  // has actions run
  kAdmin,   // says what can be run: creates, replaces and deletes actions
};

std::string_view to_string(Role role);                  // "read"
std::optional<Role> token_role(std::string_view name);  // one of "read", "invoke", "admin"
inline constexpr std::string_view kTokenRoles = "read, invoke or admin";

}  // namespace sluice::api
