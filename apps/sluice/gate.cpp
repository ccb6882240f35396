#include "apps/sluice/gate.h"

#include <csignal>
#include <utility>

namespace sluice {
namespace {

Result<api::Tokens> read_tokens(const Settings& settings) {
  const Settings::Tokens& given = settings.api.tokens;
  if (!given.file.empty()) return api::Tokens::read(given.file);
  const auto origin = settings.origins.find("api.tokens");
  // An empty list in config.lua is a mistake that must not open the door.
  if (given.entries.empty() && origin == settings.origins.end()) return api::Tokens();
  return api::Tokens::parse(
      given.entries,
      (origin == settings.origins.end() ? "" : origin->second + ": ") + "Api: tokens");
}

}  // namespace

Result<api::AccessOptions> access_options(const Settings& settings) {
  Result<api::Tokens> tokens = read_tokens(settings);
  if (!tokens.ok()) return tokens.error();
  api::AccessOptions options;
  options.hosts = settings.api.hosts;
  options.origins = settings.api.origins;
  options.tokens = *std::move(tokens);
  options.insecure = settings.api.insecure;
  return options;
}

TokenReload::TokenReload(Loop& loop, const Settings& settings, Log& log,
                         std::function<void(api::Tokens)> renew)
    : settings_(settings), log_(log), renew_(std::move(renew)), handle_(new uv_signal_t) {
  uv_signal_init(loop.uv(), handle_);
  handle_->data = this;
  uv_signal_start(
      handle_, [](uv_signal_t* handle, int) { static_cast<TokenReload*>(handle->data)->reload(); },
      SIGHUP);
}

TokenReload::~TokenReload() {
  uv_close(reinterpret_cast<uv_handle_t*>(handle_),
           [](uv_handle_t* closed) { delete reinterpret_cast<uv_signal_t*>(closed); });
}

void TokenReload::reload() {
  if (settings_.api.tokens.file.empty())
    return log_.info("Told to read the tokens again, but they are in no file of their own");
  Result<api::Tokens> tokens = read_tokens(settings_);
  if (!tokens.ok()) return log_.error("The tokens stay as they were: {}", tokens.error().text());
  log_.info("Read {} tokens again", tokens->size());
  renew_(*std::move(tokens));
}

}  // namespace sluice
