// ProcessPool: the Pool and the Compiler on worker processes (`sluice-sandbox`).
//
//     run() → waiting jobs → offers to workers → results → done()
//                 ↑              │
//                 └── revoked ───┘  of a worker that stalls or dies
//
// Fairness. Waiting jobs are taken in turn from each action. One action's slow jobs may hold all
// workers: a job of another that waits for longer than kStarving is given a worker beyond their
// number, which serves only actions that have no place among the others.
//
// Made, used and destroyed on the loop's thread, which must outlive it: workers die with the thread
// that started them. Everything is bounded by room(): workers × offers jobs beside those that wait
// for a plugin, workers × slots with them, and what is prefetched.
//
// Destroying it kills and reaps all workers; jobs that are still there are forgotten, not answered.
// stop() first.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "sandbox/compiler.h"
#include "sandbox/pool.h"
#include "sandbox/pool/compile_service.h"
#include "sandbox/pool/crew.h"
#include "sandbox/pool/fair_queue.h"
#include "sandbox/pool/worker.h"

namespace sluice::sandbox {

struct PoolOptions {
  std::string worker_path;  // of sluice-sandbox
  size_t workers = 1;
  uint64_t max_memory_bytes = 128ull << 20;  // the highest limit a job may have
  uint64_t snapshot_bytes = 16ull << 20;     // a worker's snapshots together
  // Jobs at a time, beside those that wait for a plugin; with them, at most kSlots.
  size_t offers_per_worker = wire::kBusySlots;
  size_t prefetch = 0;  // jobs that wait here beside those
  std::chrono::milliseconds compile_timeout = kCompileTimeout;
};

struct PoolStats {
  size_t workers_alive = 0;  // ready, the spare included
  size_t workers_busy = 0;
  size_t jobs_offered = 0;  // to workers, not answered yet
  size_t jobs_waiting = 0;  // for a worker
  size_t jobs_calling = 0;  // of the offered ones, those that wait for a plugin
  size_t killed = 0;        // workers, by us, since the start
  size_t restarts = 0;      // workers started beyond the first set
};

class ProcessPool final : public Pool, public Compiler, private Worker::Events {
 public:
  ProcessPool(Loop& loop, const Clock& clock, Log& log, PoolOptions options);
  ~ProcessPool() override;
  ProcessPool(const ProcessPool&) = delete;
  ProcessPool& operator=(const ProcessPool&) = delete;

  // Starts the workers, without waiting until they are ready: jobs may be given at once. kInvalid
  // when the worker program is not there, kUnavailable when the system starts no process. Workers
  // that die at their start are tried again, ever more slowly; after some such failures ready()
  // says so, and jobs wait.
  Status start();

  size_t room() const override;
  void run(Job job, std::function<void(Execution)> done) override;
  void cancel(const Uuid& id) override;
  void serve_calls(CallServer* server) override { call_server_ = server; }
  size_t waiting() const override { return calling_; }
  void on_room(std::function<void()> listener) override;
  void stop(Millis grace, std::function<void()> done) override;

  void compile(Source source, std::function<void(Result<Bytecode>)> done) override;

  // Whether workers can be started here, which both jobs and sources need.
  Status ready() const override { return crew_.health(); }

  // What confines the workers, as the first that was ready said; empty before.
  const Layers& layers() const { return layers_; }

  PoolStats stats() const;

  // The processes at work (not the spare), for tests and for people who want to look at them.
  std::vector<pid_t> worker_pids() const;

  // The tag of the workers' Lua build; empty until the first is ready.
  const std::string& lua_tag() const { return lua_tag_; }

 private:
  bool worker_ready(Worker& worker) override;
  void worker_finished(Worker& worker, TicketPtr ticket, Execution execution) override;
  void worker_skipped(Worker& worker) override;
  void worker_called(const Job& job, const CallPlace& place, const Call& call) override;
  void worker_hung_up(const Job& job) override;
  void worker_gone(Worker& worker) override;

  // dispatch.cpp: who gets which job.
  void dispatch();
  Worker* choose(const Ticket& ticket, MonoTime now);
  bool nobody_holds(const Job& job, const Worker* but = nullptr) const;
  void help_starving(MonoTime now);
  bool replace_for_namespace(const Ticket& ticket, MonoTime now);
  void relieve_stalled(MonoTime now);
  bool keeps_others_waiting(const Worker& worker) const;
  bool could_take_more(const Worker& from, MonoTime now) const;

  // process_pool.cpp
  void at_end_of_turn();
  void schedule();
  void keep_ticking();
  void tick();
  void check_workers(MonoTime now);
  void on_answer(const CallPlace& place, const Answer& answer);
  void end_as_told(Worker::Ended ended);
  void charge(Worker::Remains& remains);
  void answer(TicketPtr ticket, Execution execution);
  void answer_later(TicketPtr ticket, Execution execution);
  void tell_room();
  void tell_of_missing_layers();
  void return_unstarted();
  void end_stop();

  Loop& loop_;
  const Clock& clock_;
  Log& log_;
  const PoolOptions options_;
  Crew crew_;
  CompileService compiles_;
  std::string lua_tag_;
  Layers layers_;

  CallServer* call_server_ = nullptr;
  FairQueue waiting_;
  std::unordered_set<Sha256> offenders_;  // code that a worker was killed for, at most kOffenders
  size_t jobs_ = 0;                       // given to run() and not answered
  size_t offered_ = 0;
  size_t calling_ = 0;  // of those, the ones that wait for a plugin
  Worker* cleared_for_alone_ =
      nullptr;  // gets nothing until it is idle, for a job that must be alone

  std::function<void()> on_room_;
  bool had_no_room_ = false;

  Timer ticker_;
  unsigned ticks_ = 0;
  bool scheduled_ = false;
  bool stopping_ = false;
  bool out_of_time_ = false;  // the grace of stop() is over: nobody is charged any more
  Timer stop_limit_;
  std::function<void()> stopped_;
  std::shared_ptr<int> life_ = std::make_shared<int>(0);  // posted tasks ask whether we still live
};

}  // namespace sluice::sandbox
