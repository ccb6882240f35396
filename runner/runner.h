// Runner: pop, claim, run, finish, acknowledge. Read runner.cpp from take() downwards.
//
// Everything moves in batches: one pop and one claim for as many jobs as the pool has room for, and
// what ends within one turn of the executor is finished, announced and acknowledged together.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/seal.h"
#include "base/uuid.h"
#include "plugins/plugins.h"
#include "queue/queue.h"
#include "runner/appetite.h"
#include "runner/code_cache.h"
#include "runner/plugin_calls.h"
#include "runner/run_metrics.h"
#include "runner/verdict.h"
#include "sandbox/pool.h"
#include "store/store.h"

namespace sluice::runner {

struct RunnerOptions {
  std::string name = "local";  // in claims and on the queue; see RunnerInfo
  std::string lua_tag;         // of the workers' Lua build
  size_t batch = 256;          // ids taken at a time, at most
  size_t code_cache_bytes = 16u << 20;
  // How much is taken ahead. Absent: what the pool has room for, where no other runner wants it.
  std::optional<Appetite::Range> appetite;
  // A result is announced before its record is durable; of use only where those who wait for it
  // share this process.
  bool announce_results = true;
  VerdictRules rules;
};

// The parts a runner works with. All of them outlive it and live on the same executor.
struct RunnerParts {
  Executor& executor;
  Store& store;
  Queue& queue;
  sandbox::Pool& pool;
  Compiler& compiler;
  plugins::Plugins& plugins;
  const Seal& seal;  // of the bytecode in the store
  const Clock& clock;
  Log& log;
  Metrics& metrics;
};

class Runner {
 public:
  Runner(RunnerParts parts, RunnerOptions options);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void start();

  // Renews the leases that are a quarter over, and goes on where it waited for the store or for
  // workers. To be called every second or so.
  void tick();

  // Where slow jobs of some actions have held every place since the last look, takes a few of the
  // others beyond them, so that these wait for a look and not for the slow ones. To be called every
  // tenth of a second or so.
  void look_for_others();

  // Takes no more, lets what runs end within `grace`, hands the rest back to the store, then calls
  // `done`.
  void drain(Millis grace, std::function<void()> done);

  // Tells the queue, which has forgotten, what runs here.
  void declare();

  size_t running() const { return running_.size(); }  // claimed and not ended

 private:
  struct Running {
    Delivery delivery;
    Uuid token;
    MonoTime leased_at{};  // a little before the lease began
    bool cancelled = false;
    Caller caller;  // what it may reach
  };

  struct Concluded {
    Finish finish;
    SubmissionPtr submission;
    bool cancelled = false;  // over, then, whatever `finish` says
  };

  void take();
  bool is_well() const;
  void take_at_turn_end();
  void take_others();
  std::vector<ActionName> have_their_share() const;
  void on_took(Result<std::vector<Uuid>> ids);
  void renew();
  void on_renewed(const Uuid& id, const Uuid& token, Renewed renewed);
  size_t wanted();
  void on_popped(std::vector<Uuid> ids);
  void on_claimed(const std::vector<Uuid>& ids, Uuid token, MonoTime leased_at,
                  std::vector<Result<Delivery>> claimed);
  void begin(Delivery delivery, Uuid token, MonoTime leased_at);
  Finish without_code(const Running& running, const Error& error) const;
  void execute(const Uuid& id, const LoadedCode& code);
  void on_executed(const Uuid& id, const Uuid& run, sandbox::Execution execution);
  void conclude(const Uuid& id, Finish finish);
  void flush_concluded();
  void on_finished(const std::vector<Concluded>& concluded, const std::vector<Status>& written);
  void drained_if_idle();

  RunnerParts parts_;
  const RunnerOptions options_;
  UuidGenerator tokens_;
  CodeCache codes_;
  RunMetrics metrics_;
  std::optional<Appetite> appetite_;
  PluginCalls plugin_calls_;

  bool started_ = false;
  bool popping_ = false;
  bool taking_soon_ = false;
  bool draining_ = false;
  bool had_room_ = false;                      // since the last look for others
  std::unordered_set<Uuid> beyond_;            // taken by take_others(), and not ended
  size_t without_code_ = 0;                    // claimed, and waiting for their code
  size_t claiming_ = 0;                        // claims on the way
  size_t finishing_ = 0;                       // finish batches on the way
  std::unordered_map<Uuid, Running> running_;  // claimed, not yet concluded
  std::vector<Concluded> concluded_;           // of this turn
  std::function<void()> drained_;
};

}  // namespace sluice::runner
