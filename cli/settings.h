// ~/.slcli: which server to talk to, as {"url": "http://…"}, and with which token, if with one:
// {"url": …, "token": "slu_…"}. The format is the original client's, which passes over the token.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace sluice::cli {

struct Saved {
  std::string url;
  std::string token;  // for that server alone; empty: none
};

// nullopt when there is no such file. kInvalid when it does not hold a url; the message names the
// file.
Result<std::optional<Saved>> read_settings(const std::string& path);

// Readable by the owner alone.
Status write_settings(const std::string& path, const Saved& saved);

}  // namespace sluice::cli
