// Pool: runs jobs in worker processes and reports how they ended. The implementation is pool/process_pool.h.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/hash.h"
#include "base/uuid.h"
#include "sandbox/outcome.h"

namespace sluice::sandbox {

// Bytecode, loaded into a worker once and kept there as a snapshot. Shared by all jobs that run it.
struct Code {
  Sha256 hash;
  std::string chunk_name;
  std::string bytecode;
};

struct Job {
  Uuid id;             // for logs alone
  std::string ns;      // a worker serves one namespace
  std::string action;  // the name in messages and logs
  std::shared_ptr<const Code> code;
  std::shared_ptr<const std::string> payload;  // JSON, checked at the door; empty: no arguments
  Millis timeout{0};
  uint64_t memory_bytes = 0;
  bool alone = false;  // it killed a worker before: no other job shares its worker meanwhile
};

// How a job ended, or that it did not. Only the job that was running when its worker died is charged.
struct Execution {
  enum class Fate {
    kFinished,    // `report` says how
    kWorkerDied,  // under this job: killed by the system, crashed; `report` has outcome unknown and last words
    kReturned,    // not run: the pool is stopping
  };
  Fate fate = Fate::kFinished;
  Report report;
  WallTime started_at{};
};

class Pool {
 public:
  virtual ~Pool() = default;

  // How many more jobs the pool wants now: enough to keep its workers fed, no more, so that work waits in
  // the queue, where others can have it.
  virtual size_t room() const = 0;

  // Runs a job. `done` comes later, once, on the executor's thread, whatever happens to workers: a job that
  // was offered to a worker that dies or stalls before taking it goes to another.
  virtual void run(Job job, std::function<void(Execution)> done) = 0;

  // Called at the executor whenever room() has risen from 0.
  virtual void on_room(std::function<void()> listener) = 0;

  // Offers nothing more; jobs that no worker has taken are answered kReturned. Running ones end as usual; `done`
  // comes when none is left or after `grace`: then workers are killed and their jobs answered kReturned.
  virtual void stop(Millis grace, std::function<void()> done) = 0;
};

}  // namespace sluice::sandbox
