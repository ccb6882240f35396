// UTF-8, told from other bytes.
#pragma once

#include <string_view>

namespace sluice {

bool is_utf8(std::string_view text);

}  // namespace sluice
