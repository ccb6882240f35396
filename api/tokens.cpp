#include "api/tokens.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/keys.h"
#include "base/secrets.h"

namespace sluice::api {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr size_t kMaxName = 64;
constexpr off_t kMaxFileBytes = 1 << 20;
constexpr std::string_view kHashPrefix = "sha256:";
constexpr std::string_view kBlanks = " \t\r";

// Not a slow hash such as Argon2: that is for what people think up and others can guess. 256 random
// bits cannot be guessed at any speed, and each request pays for its hash.
Sha256 hash_of(std::string_view secret) {
  return sha256(secret);
}

bool has_form_of_secret(std::string_view text) {
  return text.size() == kTokenPrefix.size() + 2 * kSecretBytes && text.starts_with(kTokenPrefix);
}

Error invalid(const std::string& where, std::string_view what) {
  return {Code::kInvalid, "", where + ": " + std::string(what)};
}

std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kRead:
      return "read";
    case Role::kInvoke:
      return "invoke";
    case Role::kAdmin:
      return "admin";
    case Role::kProbe:
    case Role::kAnyone:
      break;
  }
  return "none";
}

std::optional<Role> token_role(std::string_view name) {
  for (const Role role : {Role::kRead, Role::kInvoke, Role::kAdmin}) {
    if (to_string(role) == name) return role;
  }
  return std::nullopt;
}

bool is_token_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '_' || c == '.' || c == '-';
         });
}

NewToken make_token(std::string_view name, Role role) {
  NewToken made;
  made.secret = std::string(kTokenPrefix) + random_hex(kSecretBytes);
  made.entry = std::string(name) + " " + std::string(to_string(role)) + " " +
               std::string(kHashPrefix) + hash_of(made.secret).hex();
  return made;
}

Status Tokens::add(std::string_view entry, const std::string& where) {
  if (entry.find(kTokenPrefix) != std::string_view::npos)
    return invalid(where,
                   "holds a token itself, which must be written down nowhere: make another with "
                   "`sluice token`, and put here the entry that it prints");
  if (tokens_.size() == kMax) return invalid(where, "there can be at most 1000 tokens");
  const std::string_view name = next_word(entry), role = next_word(entry), hash = next_word(entry);
  if (hash.empty() || !next_word(entry).empty())
    return invalid(where, "is no entry as `sluice token` prints it: NAME ROLE sha256:HASH");
  if (!is_token_name(name))
    return invalid(where, "its name must be 1 to 64 letters, digits or _ . -");
  const std::optional<Role> known = token_role(role);
  if (!known) return invalid(where, "its role must be " + std::string(kTokenRoles));
  const auto digest = hash.starts_with(kHashPrefix)
                          ? sha256_from_hex(hash.substr(kHashPrefix.size()))
                          : std::nullopt;
  if (!digest) return invalid(where, "its hash must be sha256: and 64 hexadecimal digits");
  for (const Token& other : tokens_) {
    if (other.name == name) return invalid(where, "has the name of an entry before it");
    if (other.hash == *digest) return invalid(where, "has the hash of an entry before it");
  }
  tokens_.push_back({std::string(name), *known, *digest});
  return {};
}

Result<Tokens> Tokens::parse(std::span<const std::string> entries, const std::string& place) {
  Tokens tokens;
  size_t number = 0;
  for (const std::string& entry : entries) {
    if (Status added = tokens.add(entry, place + ", entry " + std::to_string(++number));
        !added.ok())
      return added.error();
  }
  if (tokens.empty()) return invalid(place, "holds no token; `sluice token` makes one");
  return tokens;
}

Result<Tokens> Tokens::read(const std::string& path) {
  // A path that is a token is one given in the wrong place.
  const std::string shown = without_secrets(path);
  struct stat info {};
  if (stat(path.c_str(), &info) != 0)
    return invalid(shown, std::string("cannot be read: ") + std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return invalid(shown, "cannot be read: it is no file");
  if ((info.st_mode & S_IWOTH) != 0)
    return invalid(shown, "everybody on this machine may write to it; `chmod o-w` it first");
  if (info.st_size > kMaxFileBytes) return invalid(shown, "is longer than 1 MiB");
  std::ifstream file(path);
  Tokens tokens;
  size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const size_t start = line.find_first_not_of(kBlanks);
    if (start == std::string::npos || line[start] == '#') continue;
    if (Status added = tokens.add(line, shown + ":" + std::to_string(number)); !added.ok())
      return added.error();
  }
  if (!file.eof()) return invalid(shown, "cannot be read");
  if (tokens.empty()) return invalid(shown, "holds no token; `sluice token` makes one");
  return tokens;
}

const Token* Tokens::find(std::string_view secret) const {
  // What does not look like a token tells nobody anything when it is refused sooner.
  if (!has_form_of_secret(secret)) return nullptr;
  const Sha256 hash = hash_of(secret);
  size_t found = tokens_.size();
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const size_t same = 0 - static_cast<size_t>(same_in_constant_time(tokens_[i].hash, hash));
    found = (found & ~same) | (i & same);
  }
  return found < tokens_.size() ? &tokens_[found] : nullptr;
}

}  // namespace sluice::api
