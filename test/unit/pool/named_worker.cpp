#include "named_worker.h"

#include <stdlib.h>

#include <catch2/catch.hpp>

#include "pool_fixture.h"

namespace sluice::test {

NamedWorker::NamedWorker(const std::string& program, const std::string& name, size_t workers) {
  char folder[] = "/tmp/sluice-worker-XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  folder_ = folder;
  std::filesystem::create_symlink(program, folder_ / name);
  options_ = PoolFixture::defaults(workers);
  options_.worker_path = (folder_ / name).string();
}

NamedWorker::~NamedWorker() {
  std::filesystem::remove_all(folder_);
}

void NamedWorker::become(const std::string& program) {
  std::filesystem::create_symlink(program, folder_ / "next");
  std::filesystem::rename(folder_ / "next", options_.worker_path);
}

sandbox::Job job_without_code(Millis timeout) {
  sandbox::Job job;
  job.ns = "default";
  job.action = "test";
  job.code = std::make_shared<sandbox::Code>(sandbox::Code{sha256("x"), "x.lua", "bytecode"});
  job.timeout = timeout;
  job.memory_bytes = 1 << 20;
  return job;
}

}  // namespace sluice::test
