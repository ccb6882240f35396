#include "base/secrets.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace sluice {
namespace {

struct Range {
  size_t begin, end;
};

// What ends a URL in a sentence. A password may hold anything else, unencoded, by mistake.
bool ends_url(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '"' || c == '\'' || c == '`' ||
         c == '<' || c == '>' || c == '\0';
}

bool is_token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-';
}

void find_passwords(std::string_view text, std::vector<Range>& secrets) {
  for (size_t at = 0; (at = text.find("://", at)) != std::string_view::npos;) {
    const size_t begin = at + 3;
    size_t end = begin;
    while (end < text.size() && !ends_url(text[end])) ++end;
    const std::string_view rest = text.substr(begin, end - begin);
    const size_t sign = rest.rfind('@');
    const size_t colon = rest.find(':');
    if (sign != std::string_view::npos && colon < sign && colon + 1 < sign)
      secrets.push_back({begin + colon + 1, begin + sign});
    at = end;
  }
}

void find_tokens(std::string_view text, std::vector<Range>& secrets) {
  for (size_t at = 0; (at = text.find(kTokenPrefix, at)) != std::string_view::npos;) {
    const size_t begin = at + kTokenPrefix.size();
    size_t end = begin;
    while (end < text.size() && is_token_char(text[end])) ++end;
    if (end > begin) secrets.push_back({begin, end});
    at = end;
  }
}

std::vector<Range> secrets_in(std::string_view text) {
  std::vector<Range> secrets;
  find_passwords(text, secrets);
  find_tokens(text, secrets);
  std::sort(secrets.begin(), secrets.end(),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
  return secrets;
}

}  // namespace

std::string without_secrets(std::string_view text) {
  std::string out;
  size_t done = 0;
  for (const Range& secret : secrets_in(text)) {
    if (secret.begin < done) continue;  // a token within a password
    out.append(text.substr(done, secret.begin - done)).append("***");
    done = secret.end;
  }
  return out.append(text.substr(done));
}

void hide_secrets(char* text) {
  for (const Range& secret : secrets_in(text))
    std::memset(text + secret.begin, '*', secret.end - secret.begin);
}

}  // namespace sluice
