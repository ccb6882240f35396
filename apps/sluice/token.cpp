#include "apps/sluice/token.h"

#include <unistd.h>

#include <cstdio>

#include "api/tokens.h"

namespace sluice {

Status print_new_token(const TokenWish& wish) {
  if (!api::is_token_name(wish.name))
    return Error{Code::kInvalid, "token",
                 "--name must be 1 to 64 letters, digits or _ . -, such as ci or alice"};
  const auto role = api::token_role(wish.role);
  if (!role)
    return Error{Code::kInvalid, "token", "--role must be " + std::string(api::kTokenRoles)};
  const api::NewToken made = api::make_token(wish.name, *role);
  std::printf("token  %s\nentry  %s\n", made.secret.c_str(), made.entry.c_str());
  if (isatty(STDOUT_FILENO) == 1)
    std::printf(
        "\nThe token is shown only here: give it to its user, for `slcli connect URL --token`.\n"
        "The entry is no secret: add it to the file that --tokens, SLUICE_TOKENS or\n"
        "Api { tokens = \"FILE\" } names, and send the server SIGHUP.\n");
  if (std::fflush(stdout) != 0)
    return Error{Code::kUnavailable, "token", "the token could not be printed"};
  return {};
}

}  // namespace sluice
