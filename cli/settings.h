// ~/.slcli: which server to talk to, as {"url": "http://…"}. The format is the original client's.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace sluice::cli {

// nullopt when there is no such file. kInvalid when it does not hold a url; the message names the
// file.
Result<std::optional<std::string>> read_settings(const std::string& path);

Status write_settings(const std::string& path, const std::string& url);

}  // namespace sluice::cli
