#include "cli/session.h"

#include "cli/settings.h"

namespace sluice::cli {
namespace {

Failure no_server(std::string headline, std::string hint) {
  Failure failure;
  failure.exit = ExitCode::kNoServer;
  failure.headline = std::move(headline);
  failure.hint = std::move(hint);
  return failure;
}

constexpr const char* kHowToConnect =
    "`slcli connect http://127.0.0.1:8080` remembers one; --url and SLCLI_URL name one";

}  // namespace

Session::Session(World& world, GlobalOptions options)
    : world_(world), options_(std::move(options)), output_(world.terminal, options_.format) {}

Attempt<Response> Session::send(const Request& request, Answers what) {
  Attempt<ServerUrl> url = server();
  if (!url.ok()) return url.failure();
  if (!client_) client_ = world_.client_for(*url);

  Result<Response> response = client_->send(request);
  if (!response.ok()) return unreachable(url->shown(), response.error());
  if (!response->ok()) return refusal(*response, what);
  return std::move(response).value();
}

Attempt<Response> Session::ping() {
  Attempt<Response> answer = send({.path = path_of({"ping"})});
  if (!answer.ok()) {
    // Whoever has no such route is no server of ours.
    if (answer.failure().exit == ExitCode::kNotFound) answer.failure().exit = ExitCode::kNoServer;
    return answer;
  }
  if (answer->body.starts_with("OK") || answer->body.starts_with("\"OK\"")) return answer;
  return no_server(url_->shown() + " answers, but not as a Sluice server does",
                   "GET /ping should give OK");
}

Attempt<ServerUrl> Session::server() {
  if (url_) return *url_;
  Attempt<std::string> text = configured_url();
  if (!text.ok()) return text.failure();
  Result<ServerUrl> url = ServerUrl::parse(*text);
  if (!url.ok()) return usage(url.error());
  url_ = *url;
  return *url_;
}

Attempt<std::string> Session::settings_path() const {
  const std::optional<std::string> home = world_.variable("HOME");
  if (!home)
    return no_server("HOME is not set, so there is no ~/.slcli",
                     "--url and SLCLI_URL name a server without it");
  return *home + "/.slcli";
}

Attempt<std::string> Session::configured_url() const {
  if (options_.url) return *options_.url;
  if (const std::optional<std::string> url = world_.variable("SLCLI_URL")) return *url;

  Attempt<std::string> path = settings_path();
  if (!path.ok()) return path.failure();
  Result<std::optional<std::string>> url = read_settings(*path);
  if (!url.ok()) return no_server(url.error().text(), kHowToConnect);
  if (!*url) return no_server("Please connect to a server first", kHowToConnect);
  return **url;
}

}  // namespace sluice::cli
