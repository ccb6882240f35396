// Session: what a command works with, for one call of slcli.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/client.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/world.h"

namespace sluice::cli {

// Options that every command takes.
struct GlobalOptions {
  std::optional<std::string> url;
  std::optional<std::string> token;  // instead of any other
  Format format = Format::kAuto;
};

class Session {
 public:
  // `world` must outlive the session.
  Session(World& world, GlobalOptions options);

  Output& output() { return output_; }
  std::istream& in() { return world_.in; }
  World& world() { return world_; }

  // Asks the server in force: --url, then SLCLI_URL, then ~/.slcli; with SLUICE_TOKEN, or the token
  // that ~/.slcli has for that server. A status of 300 or more is a
  // Failure, as is no answer.
  Attempt<Response> send(const Request& request, Answers what = Answers::kRequest);

  // Checks that a Sluice server answers.
  Attempt<Response> ping();

  // The address of the server in force.
  Attempt<ServerUrl> server();

  // ~/.slcli
  Attempt<std::string> settings_path() const;

 private:
  struct Target {
    std::string url;
    std::string token;         // empty: none
    std::string token_source;  // for people: "SLUICE_TOKEN"
  };
  Attempt<Target> configured() const;

  World& world_;
  const GlobalOptions options_;
  Output output_;
  std::optional<ServerUrl> url_;
  Target target_;  // once there is a url_
  std::unique_ptr<Client> client_;
};

}  // namespace sluice::cli
