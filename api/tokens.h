// Tokens: who may use the API, as a list of names, roles and hashes. The tokens themselves are
// kept by those who use them, and nowhere here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/role.h"
#include "base/hash.h"
#include "base/result.h"

namespace sluice::api {

struct Token {
  std::string name;  // [A-Za-z0-9_.-]{1,64}, for people
  Role role = Role::kRead;
  Sha256 hash;
};

// A token that has just been made: what its user is given, and what the server keeps.
struct NewToken {
  std::string secret;  // "slu_" and 64 hexadecimal digits: 256 random bits
  std::string entry;   // "NAME ROLE sha256:HASH"
};

bool is_token_name(std::string_view name);
NewToken make_token(std::string_view name, Role role);  // a name that is one

class Tokens {
 public:
  static constexpr size_t kMax = 1'000;

  Tokens() = default;

  // Each entry as `make_token` writes it. An error is kInvalid and begins with `place` and the
  // number of the entry; it never repeats what stands there, which may be a secret in the wrong
  // place. Without any entry it is one, too: an emptied list must not open the door.
  static Result<Tokens> parse(std::span<const std::string> entries, const std::string& place);

  // A file with an entry in each line; empty lines and those that begin with '#' are skipped.
  static Result<Tokens> read(const std::string& path);

  bool empty() const { return tokens_.empty(); }
  size_t size() const { return tokens_.size(); }

  // The token that `secret` is, or null. Takes the same time for each that is none.
  const Token* find(std::string_view secret) const;

 private:
  Status add(std::string_view entry, const std::string& where);

  std::vector<Token> tokens_;
};

}  // namespace sluice::api
