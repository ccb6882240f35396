#include "cli/command.h"
#include "cli/completion_scripts.h"

namespace sluice::cli {
namespace {

class Completion final : public Command {
 public:
  Spec spec() override {
    return {"completion",
            "This program",
            "Print the completion script for a shell",
            {{"SHELL", "bash or zsh", &shell_}},
            {},
            "For bash: source <(slcli completion bash)\n"
            "For zsh:  slcli completion zsh > DIR/_slcli, where DIR is in $fpath"};
  }

  Ending run(Session& session) override {
    if (shell_ == "bash")
      session.output().verbatim(kBashCompletion);
    else if (shell_ == "zsh")
      session.output().verbatim(kZshCompletion);
    else
      return usage("there is no completion for '" + shell_ + "', only for bash and zsh");
    return kDone;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> make_completion_command() {
  return std::make_unique<Completion>();
}

}  // namespace sluice::cli
