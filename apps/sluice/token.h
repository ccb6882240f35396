// `sluice token`: makes a token for the API.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice {

struct TokenWish {
  std::string name;
  std::string role;
};

// Prints the token, which is kept nowhere, and the entry that lets it in. kInvalid: no such role,
// or no name.
Status print_new_token(const TokenWish& wish);

}  // namespace sluice
