#include "base/json_doc.h"
#include "cli/command.h"

namespace sluice::cli {
namespace {

class Version final : public Command {
 public:
  Spec spec() override {
    return {"version", "This program", "Print the version of slcli", {}, {}, {}};
  }

  Ending run(Session& session) override {
    if (session.output().format() == Format::kJson)
      session.output().result(JsonObject().text("version", SLUICE_VERSION).print());
    else
      session.output().verbatim("slcli " SLUICE_VERSION "\n");
    return kDone;
  }
};

}  // namespace

std::unique_ptr<Command> make_version_command() {
  return std::make_unique<Version>();
}

}  // namespace sluice::cli
