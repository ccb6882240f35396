#include "cli/command.h"
#include "cli/settings.h"

namespace sluice::cli {
namespace {

class Connect final : public Command {
 public:
  Spec spec() override {
    return {"connect",
            "Server",
            "Check a server and remember it in ~/.slcli",
            {{"URL", "for example http://127.0.0.1:8080", &url_}},
            {},
            {}};
  }

  Ending run(Session& session) override {
    Result<ServerUrl> url = ServerUrl::parse(url_);
    if (!url.ok()) return usage(url.error());
    Attempt<std::string> path = session.settings_path();
    if (!path.ok()) return path.failure();

    // Asked under the new address, whatever --url says.
    Session there(session.world(), {url->text(), session.output().format()});
    Attempt<Response> answer = there.ping();
    if (!answer.ok()) return answer.failure();

    const Status written = write_settings(*path, url->text());
    if (!written.ok()) return usage(written.error());
    session.output().success(answer->body);
    return kDone;
  }

 private:
  std::string url_;
};

}  // namespace

std::unique_ptr<Command> make_connect_command() {
  return std::make_unique<Connect>();
}

}  // namespace sluice::cli
