#include "cli/session.h"

#include "cli/settings.h"
#include "cli/token.h"

namespace sluice::cli {
namespace {

Failure no_server(std::string headline, std::string hint) {
  Failure failure;
  failure.exit = ExitCode::kNoServer;
  failure.headline = std::move(headline);
  failure.hint = std::move(hint);
  return failure;
}

bool is_same_server(const std::string& a, const std::string& b) {
  const Result<ServerUrl> first = ServerUrl::parse(a), second = ServerUrl::parse(b);
  return first.ok() && second.ok() && first->text() == second->text();
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

  Request signed_request = request;
  if (!target_.token.empty()) signed_request.headers["Authorization"] = "Bearer " + target_.token;
  Result<Response> response = client_->send(signed_request);
  if (!response.ok()) return unreachable(url->shown(), response.error());
  if (!response->ok()) {
    Failure failure = refusal(*response, what);
    if (response->status == 401)
      failure.hint = target_.token.empty()
                         ? "`slcli connect " + url->shown() +
                               " --token` asks for one and keeps it; SLUICE_TOKEN is another way"
                         : "the token came from " + target_.token_source +
                               "; whoever runs the server makes another with `sluice token`";
    if (failure.reason == "role_too_low" || (response->status == 403 && !target_.token.empty()))
      failure.hint = "whoever runs the server makes a token with another role with `sluice token`";
    return failure;
  }
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
  Attempt<Target> target = configured();
  if (!target.ok()) return target.failure();
  Result<ServerUrl> url = ServerUrl::parse(target->url);
  if (!url.ok()) return usage(url.error());
  target_ = *target;
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

Attempt<Session::Target> Session::configured() const {
  Target target;
  if (options_.token) {
    target.token = *options_.token;
    target.token_source = "this command";
  } else if (const std::optional<std::string> given = world_.variable("SLUICE_TOKEN")) {
    Attempt<std::string> token = checked_token(*given, "SLUICE_TOKEN");
    if (!token.ok()) return token.failure();
    target.token = *token;
    target.token_source = "SLUICE_TOKEN";
  }
  if (options_.url) target.url = *options_.url;
  if (target.url.empty()) target.url = world_.variable("SLCLI_URL").value_or("");
  const bool is_named = !target.url.empty();
  if (is_named && !target.token.empty()) return target;

  Attempt<std::string> path = settings_path();
  if (!path.ok()) return is_named ? Attempt<Target>(target) : path.failure();
  Result<std::optional<Saved>> saved = read_settings(*path);
  if (is_named) {
    // A token is sent to the server that it was kept for, and to no other.
    if (saved.ok() && *saved && is_same_server((*saved)->url, target.url)) {
      target.token = (*saved)->token;
      target.token_source = "~/.slcli";
    }
    return target;
  }
  if (!saved.ok()) return no_server(saved.error().text(), kHowToConnect);
  if (!*saved) return no_server("Please connect to a server first", kHowToConnect);
  target.url = (*saved)->url;
  if (target.token.empty()) {
    target.token = (*saved)->token;
    target.token_source = "~/.slcli";
  }
  return target;
}

}  // namespace sluice::cli
