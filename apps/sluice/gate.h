// Who may use a server's HTTP side: from the settings at the start, and again when told so.
#pragma once

#include <uv.h>

#include <functional>

#include "api/access.h"
#include "base/config/settings.h"
#include "base/log.h"
#include "base/loop.h"

namespace sluice {

// Reads the tokens' file where there is one. kInvalid names it and the line.
Result<api::AccessOptions> access_options(const Settings& settings);

// At SIGHUP reads the tokens' file again and hands over what it holds now. What cannot be read
// leaves the old tokens in force, and is logged. Lives on the loop's thread.
class TokenReload {
 public:
  // All of them outlive it.
  TokenReload(Loop& loop, const Settings& settings, Log& log,
              std::function<void(api::Tokens)> renew);
  ~TokenReload();
  TokenReload(const TokenReload&) = delete;
  TokenReload& operator=(const TokenReload&) = delete;

 private:
  void reload();

  const Settings& settings_;
  Log& log_;
  std::function<void(api::Tokens)> renew_;
  uv_signal_t* handle_;  // freed by its close callback
};

}  // namespace sluice
