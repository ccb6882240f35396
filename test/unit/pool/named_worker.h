// A worker program under another name: the programs of these tests do what their name says.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "sandbox/pool/process_pool.h"

namespace sluice::test {

class NamedWorker {
 public:
  NamedWorker(const std::string& program, const std::string& name, size_t workers);
  ~NamedWorker();
  NamedWorker(const NamedWorker&) = delete;
  NamedWorker& operator=(const NamedWorker&) = delete;

  const sandbox::PoolOptions& options() const { return options_; }

  // From now on another program is started in its place.
  void become(const std::string& program);

 private:
  std::filesystem::path folder_;
  sandbox::PoolOptions options_;
};

// A job for a worker that does not look at its code.
sandbox::Job job_without_code(Millis timeout);

}  // namespace sluice::test
