// Pool: runs jobs in worker processes and reports how they ended. The implementation is pool/process_pool.h.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

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
  Uuid id;             // for cancel(), for who serves its calls, and for logs
  Uuid run;            // tells two runs of the same id apart, where one was given up and goes on
  std::string ns;      // a worker serves one namespace
  std::string action;  // the name in messages and logs
  std::shared_ptr<const Code> code;
  std::shared_ptr<const std::string> payload;  // JSON, checked at the door; empty: no arguments
  Millis timeout{0};
  uint64_t memory_bytes = 0;
  bool alone = false;  // it killed a worker before: no other job shares its worker meanwhile
};

// What a job asks of a plugin, and what it gets back.
struct Call {
  std::string_view plugin;   // as Lua code named them: untrusted bytes, valid UTF-8
  std::string_view action;
  std::string_view payload;  // checked to be JSON
  MonoTime began{};          // the job
};
struct Answer {
  bool ok = false;
  std::string text;  // JSON, or the error's message; at most kMaxAnswerBytes
};

// Serves the calls that jobs make. On the executor's thread.
class CallServer {
 public:
  virtual ~CallServer() = default;

  // A job has one call at a time. The views are good during this call. `done` later, once, or not at all after hang_up(). The
  // job's clock goes on meanwhile.
  virtual void call(const Job& job, const Call& call, std::function<void(Answer)> done) = 0;

  // The job does not wait any more: it was cancelled, ran out of time, or lost its worker. May come when `done` was called.
  virtual void hang_up(const Job& job) = 0;
};

// How a job ended, or that it did not. Only the job that was running when its worker died is charged.
struct Execution {
  enum class Fate {
    kFinished,    // `report` says how
    kWorkerDied,  // under this job: killed by the system, crashed; `report` has outcome unknown and last words
    kReturned,    // not run to an end, through no fault of its own: the pool is stopping, or the worker died after
                  // the job had called a plugin, so that running it again is not the pool's to decide
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

  // Ends a job that is to be cancelled, as soon as may be: one that waits at once, one that runs Lua code when its time slice is
  // over. `done` comes with outcome cancelled, or with how it ended before that. Unknown ids are ignored.
  virtual void cancel(const Uuid& id) = 0;

  // Who serves the calls of jobs; without anybody they fail. Outlives the pool's last job.
  virtual void serve_calls(CallServer* server) = 0;

  // Jobs that wait for a plugin's answer: they have a slot of memory, and no worker is busy with them.
  virtual size_t waiting() const = 0;

  // Called at the executor whenever room() has risen from 0.
  virtual void on_room(std::function<void()> listener) = 0;

  // Offers nothing more; jobs that no worker has taken are answered kReturned. Running ones end as usual; `done`
  // comes when none is left or after `grace`: then workers are killed and their jobs answered kReturned.
  virtual void stop(Millis grace, std::function<void()> done) = 0;
};

}  // namespace sluice::sandbox
