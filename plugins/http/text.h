// The few questions about ASCII text that HTTP asks everywhere.
#pragma once

#include <string>
#include <string_view>

namespace sluice::http {

std::string lower(std::string_view text);
bool same_name(std::string_view a, std::string_view b);  // in any case
bool is_token(std::string_view text);  // RFC 9110, 5.6.2: what names of headers and methods are

}  // namespace sluice::http
