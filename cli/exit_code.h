// What slcli's exit status means. Scripts rely on these numbers (docs/slcli.md): never renumber.
#pragma once

namespace sluice::cli {

enum class ExitCode {
  kOk = 0,
  kJobFailed = 1,  // the job ran and failed, was stopped, or was given up
  kUsage = 2,      // the command line is wrong, or a local file cannot be read or written
  kNoServer = 3,   // no server is configured, or it cannot be reached
  kNotFound = 4,   // no such action or invocation
  kRefused = 5,    // the server understood and said no, or said something unintelligible
};

}  // namespace sluice::cli
