#include "cli/command.h"
#include "cli/settings.h"
#include "cli/token.h"

namespace sluice::cli {
namespace {

class Connect final : public Command {
 public:
  Spec spec() override {
    return {"connect",
            "Server",
            "Check a server and remember it in ~/.slcli",
            {{"URL", "for example http://127.0.0.1:8080", &url_}},
            {{"--token", "", "ask for a token, or read it from standard input; it is kept, too",
              &asks_token_},
             {"--token-file", "FILE", "the same from a file", &token_file_}},
            "A token never stands on the command line, where others could see it."};
  }

  Ending run(Session& session) override {
    Result<ServerUrl> url = ServerUrl::parse(url_);
    if (!url.ok()) return usage(url.error());
    Attempt<std::string> path = session.settings_path();
    if (!path.ok()) return path.failure();

    Saved saved{url->text(), {}};
    if (asks_token_ || token_file_) {
      Attempt<std::string> token = token_file_ ? token_in_file(session.world(), *token_file_)
                                               : ask_for_token(session.world());
      if (!token.ok()) return token.failure();
      saved.token = *token;
    }

    // Asked under the new address, whatever --url says.
    GlobalOptions options;
    options.url = url->text();
    options.format = session.output().format();
    if (!saved.token.empty()) options.token = saved.token;
    Session there(session.world(), options);
    Attempt<Response> answer = there.ping();
    if (!answer.ok()) return answer.failure();
    if (!saved.token.empty()) {  // anybody may ping
      Attempt<Response> known = there.send({.method = "HEAD", .path = path_of({"actions"})});
      if (!known.ok()) return known.failure();
    }

    const Status written = write_settings(*path, saved);
    if (!written.ok()) return usage(written.error());
    session.output().success(answer->body);
    return kDone;
  }

 private:
  std::string url_;
  bool asks_token_ = false;
  std::optional<std::string> token_file_;
};

}  // namespace

std::unique_ptr<Command> make_connect_command() {
  return std::make_unique<Connect>();
}

}  // namespace sluice::cli
