#include "pool_fixture.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "test/support/loop_until.h"

namespace sluice::test {

using sandbox::Code;
using sandbox::Execution;
using sandbox::Job;

sandbox::PoolOptions PoolFixture::defaults(size_t workers) {
  sandbox::PoolOptions options;
  options.worker_path = SLUICE_BIN_DIR "/sluice-sandbox";
  options.workers = workers;
  return options;
}

PoolFixture::PoolFixture(sandbox::PoolOptions options)
    : pool_(std::make_unique<sandbox::ProcessPool>(loop_, clock_, log_, std::move(options))) {
  const Status status = pool_->start();
  if (!status.ok()) FAIL(status.error().text());
}

PoolFixture::~PoolFixture() = default;

std::shared_ptr<const Code> PoolFixture::code(const std::string& source) {
  for (const auto& [known, code] : codes_)
    if (known == source) return code;
  std::shared_ptr<const Code> made;
  bool answered = false;
  pool_->compile({"test.lua", source}, [&](Result<Bytecode> bytecode) {
    answered = true;
    if (!bytecode.ok()) return;
    made = std::make_shared<Code>(Code{sha256(source), "test.lua", bytecode->bytes});
  });
  REQUIRE(until([&] { return answered; }));
  REQUIRE(made != nullptr);
  codes_.emplace_back(source, made);
  return made;
}

Job PoolFixture::job(const std::string& source, const std::string& payload) {
  Job job;
  job.ns = "default";
  job.action = "test";
  job.code = code(source);
  job.payload = std::make_shared<std::string>(payload);
  job.timeout = Millis(2000);
  job.memory_bytes = 16 << 20;
  return job;
}

PoolFixture::Slot PoolFixture::run(Job job) {
  auto slot = std::make_shared<std::unique_ptr<Execution>>();
  pool_->run(std::move(job), [slot](Execution execution) {
    REQUIRE(*slot == nullptr);  // once
    *slot = std::make_unique<Execution>(std::move(execution));
  });
  return slot;
}

Execution PoolFixture::result_of(Job job) {
  const Slot slot = run(std::move(job));
  REQUIRE(until([&] { return *slot != nullptr; }));
  return std::move(**slot);
}

bool PoolFixture::until(const std::function<bool()>& condition) {
  return loop_until(loop_, condition);
}

long cpu_ticks(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 1)));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long ticks = -1;
  fields >> ticks;
  return ticks;
}

}  // namespace sluice::test
