// PluginCalls: lets jobs reach plugins, as far as they may. Between the pool's port (CallServer)
// and that of the plugins.
//
// A call leaves only where the action may use the plugin, where the invocation's record is durable,
// and where its lease is still held. What does not leave is answered with the reason.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/executor.h"
#include "plugins/plugins.h"
#include "sandbox/pool.h"
#include "store/store.h"

namespace sluice::runner {

// Of an invocation that runs here, what decides about its calls.
struct Caller {
  const Submission* submission = nullptr;
  Uuid run;               // Job::run of the one that may call
  bool recorded = false;  // its record is durable
  bool lost = false;      // its lease passed to another runner
};

class PluginCalls final : public sandbox::CallServer {
 public:
  // What runs here as `id`; null where nothing does. Good until the next turn.
  using Find = std::function<Caller*(const Uuid& id)>;

  // All of them outlive it. `waits` is called when a job has begun to wait. What is under way when
  // it is destroyed is hung up, and not answered.
  PluginCalls(Executor& executor, Store& store, plugins::Plugins& plugins, Find find,
              std::function<void()> waits);
  ~PluginCalls() override;

  void call(const sandbox::Job& job, const sandbox::Call& call,
            std::function<void(sandbox::Answer)> done) override;
  void hang_up(const sandbox::Job& job) override;

 private:
  using Run = std::pair<Uuid, Uuid>;  // a job's id and run

  struct Waiting {
    uint64_t number = 0;  // tells this call of the job from its earlier ones
    plugins::Call call;
    std::function<void(sandbox::Answer)> done;
    plugins::CallId made = 0;  // 0: it has not left
  };

  std::optional<std::string> refusal(const Run& run, std::string_view plugin) const;
  void wait_for_record(const Run& run, uint64_t number);
  void on_recorded(const Run& run, const Status& recorded);
  void make(const Run& run, Waiting& waiting);
  void refuse_later(const Run& run, uint64_t number, std::string why);
  void answer(const Run& run, uint64_t number, sandbox::Answer answer);
  Waiting* find(const Run& run, uint64_t number);

  Executor& executor_;
  Store& store_;
  plugins::Plugins& plugins_;
  const Find find_;
  const std::function<void()> waits_;
  uint64_t last_number_ = 0;
  std::map<Run, Waiting> waiting_;  // one call each
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace sluice::runner
