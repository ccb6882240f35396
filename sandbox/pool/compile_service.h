// CompileService: compiles each source in a process of its own, which is killed when it takes too
// long.
//
// Lua's parser sees no hook, so nothing but a process can limit it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/loop.h"
#include "sandbox/compiler.h"
#include "sandbox/limits.h"
#include "sandbox/pool/channel.h"

namespace sluice::sandbox {

class CompileService {
 public:
  using Done = std::function<void(Result<Bytecode>)>;

  struct Options {
    std::string path;  // of sluice-sandbox
    size_t at_once = 2;
    size_t waiting = 64;  // more is kFull
    std::chrono::milliseconds timeout = kCompileTimeout;
  };

  CompileService(Loop& loop, Options options);
  ~CompileService();
  CompileService(const CompileService&) = delete;
  CompileService& operator=(const CompileService&) = delete;

  // As Compiler::compile.
  void compile(Source source, Done done);

  // Kills what compiles; everything is answered kUnavailable, now and from now on.
  void stop();

 private:
  class Run;
  struct Waiting {
    Source source;
    Done done;
  };

  void answer_later(Done done, Result<Bytecode> result);
  void start_waiting();
  void finished(Run& run, Result<Bytecode> result);

  Loop& loop_;
  const Options options_;
  ReadSpace space_;
  std::deque<Waiting> waiting_;
  std::vector<std::unique_ptr<Run>> running_;
  bool stopped_ = false;
  std::shared_ptr<int> life_ = std::make_shared<int>(0);  // posted tasks ask whether we still live
};

}  // namespace sluice::sandbox
