// Keeps secrets out of what people and logs are told.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// The prefix of every API token, so that scanners for leaked secrets know one when they see it.
inline constexpr std::string_view kTokenPrefix = "slu_";

// The text with the passwords of URLs in it ("scheme://user:password@host") and API tokens
// ("slu_…") replaced by "***". Where a URL's bounds are in doubt, rather too much than too little.
std::string without_secrets(std::string_view text);

// The same where the text lies, each character of a secret becoming a '*': for the words that the
// system shows of a running program.
void hide_secrets(char* text);

}  // namespace sluice
