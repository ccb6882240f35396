#include "cli/app.h"

#include "cli/command_line.h"

namespace sluice::cli {
namespace {

ExitCode fail(Output& output, const Failure& failure) {
  output.error(failure);
  return failure.exit;
}

ExitCode finish(Output& output) {
  if (output.delivered()) return ExitCode::kOk;
  return fail(output, usage("cannot write to standard output"));
}

}  // namespace

ExitCode run_slcli(const std::vector<std::string>& words, World& world) {
  const Commands commands = all_commands();
  auto parsed = parse_command_line(words, commands);

  if (auto* bad = std::get_if<BadCall>(&parsed)) {
    Output output(world.terminal, bad->format);
    return fail(output, bad->failure);
  }
  if (auto* information = std::get_if<Information>(&parsed)) {
    Output output(world.terminal, Format::kAuto);
    output.verbatim(information->text);
    return finish(output);
  }
  const Call& call = std::get<Call>(parsed);
  Session session(world, call.options);
  if (const Ending failure = call.command->run(session)) return fail(session.output(), *failure);
  return finish(session.output());
}

}  // namespace sluice::cli
