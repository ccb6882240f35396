#include "queue/local/local_queue.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "queue/local/lanes.h"

namespace sluice {

using PopDone = std::function<void(Result<std::vector<Uuid>>)>;

struct LocalQueue::State : std::enable_shared_from_this<State> {
  State(Executor& executor, const LocalQueueOptions& options)
      : executor(executor), lanes(options.capacity), awaits_rules(options.await_rules) {}

  struct Pop {
    uint32_t runner;
    size_t max;
    PopDone done;
  };

  // Runs `action(State&)` as the executor's next task, unless the queue is gone by then.
  template <class Action>
  void later(Action action) {
    executor.post([weak = weak_from_this(), action = std::move(action)]() mutable {
      if (const auto self = weak.lock()) action(*self);
    });
  }

  // Runners are few and come back under their names: the numbers are never given to another.
  uint32_t number_of(std::string&& runner) {
    const auto next = static_cast<uint32_t>(runners.size());
    return runners.try_emplace(std::move(runner), next).first->second;
  }

  // What is wrong with asking so, if anything.
  std::optional<Error> fault(uint32_t runner, size_t max) {
    if (max == 0) return Error{Code::kInvalid, "queue.pop", "max must be at least 1"};
    if (waiting_pop(runner) == pops.end()) return std::nullopt;
    return Error{Code::kRefused, "queue.pop", "this runner waits already"};
  }

  bool hands_out() const { return !awaits_rules || rules_complete; }

  std::deque<Pop>::iterator waiting_pop(uint32_t runner) {
    return std::find_if(pops.begin(), pops.end(),
                        [&](const Pop& pop) { return pop.runner == runner; });
  }

  void serve_later() {
    if (!hands_out() || serving || pops.empty() || !lanes.any_ready()) return;
    serving = true;
    later([](State& self) { self.serve(); });
  }

  // Who waits longest is served first. One task a pop would let a callback's own pushes and pops in
  // between; here they wait for the next task.
  void serve() {
    serving = false;
    std::vector<std::pair<PopDone, std::vector<Uuid>>> answers;
    while (!pops.empty() && lanes.any_ready()) {
      std::vector<Uuid> ids = lanes.take(pops.front().max, pops.front().runner);
      if (ids.empty()) break;  // what waits is held back by a rule
      answers.emplace_back(std::move(pops.front().done), std::move(ids));
      pops.pop_front();
    }
    for (auto& [done, ids] : answers) done(std::move(ids));
  }

  void deliver_news() {
    const std::vector<Announcement> batch = std::exchange(news, {});
    if (const auto listening = listener) listening(batch);
  }

  Executor& executor;
  Lanes lanes;
  const bool awaits_rules;
  bool rules_complete = false;
  std::unordered_map<std::string, uint32_t> runners;
  std::map<std::string, RunnerInfo> infos;     // of those that were heard of
  std::map<std::string, std::string> leaders;  // task → who
  std::deque<Pop> pops;                        // waiting, at most one for each runner
  bool serving = false;                        // a task that serves is posted
  std::vector<Announcement> news;              // to be delivered by one posted task
  std::function<void(std::span<const Announcement>)> listener;
};

LocalQueue::LocalQueue(Executor& executor, LocalQueueOptions options)
    : state_(std::make_shared<State>(executor, options)) {}

LocalQueue::~LocalQueue() = default;

void LocalQueue::push(std::vector<Entry> entries, std::function<void(std::vector<Status>)> done) {
  std::vector<Status> results;
  if (done) results.reserve(entries.size());
  for (Entry& entry : entries) {
    const Lanes::Pushed pushed = state_->lanes.push(std::move(entry));
    if (!done) continue;
    if (pushed == Lanes::Pushed::kFull) {
      results.push_back(Error{Code::kFull, "queue.push", "the queue is full"});
    } else {
      results.emplace_back();
    }
  }
  state_->serve_later();
  if (!done) return;
  state_->later([done = std::move(done), results = std::move(results)](State&) mutable {
    done(std::move(results));
  });
}

void LocalQueue::pop(std::string runner, size_t max, PopDone done) {
  const uint32_t number = state_->number_of(std::move(runner));
  if (auto fault = state_->fault(number, max))
    return state_->later([done = std::move(done), fault](State&) { done(*fault); });
  state_->pops.push_back({number, max, std::move(done)});
  state_->serve_later();
}

void LocalQueue::pop_others(std::string runner, size_t max, std::vector<ActionName> passed_over,
                            PopDone done) {
  const uint32_t number = state_->number_of(std::move(runner));
  if (auto fault = state_->fault(number, max))
    return state_->later([done = std::move(done), fault](State&) { done(*fault); });
  state_->later(
      [number, max, passed_over = std::move(passed_over), done = std::move(done)](State& self) {
        std::vector<Uuid> ids;
        if (self.hands_out()) ids = self.lanes.take(max, number, passed_over);
        done(std::move(ids));
      });
}

void LocalQueue::stop_pop(std::string runner) {
  const auto pop = state_->waiting_pop(state_->number_of(std::move(runner)));
  if (pop == state_->pops.end()) return;
  state_->later([done = std::move(pop->done)](State&) { done(std::vector<Uuid>{}); });
  state_->pops.erase(pop);
}

void LocalQueue::acknowledge(std::string runner, std::vector<Uuid> ids) {
  state_->lanes.forget(ids, state_->number_of(std::move(runner)));
  state_->serve_later();  // a lane may be below its cap now
}

void LocalQueue::give_back(std::string runner, std::vector<Uuid> ids) {
  state_->lanes.give_back(ids, state_->number_of(std::move(runner)));
  state_->serve_later();
}

void LocalQueue::announce(std::vector<Announcement> news) {
  if (news.empty() || !state_->listener) return;
  if (!state_->news.empty()) {  // a task is on its way
    state_->news.insert(state_->news.end(), std::make_move_iterator(news.begin()),
                        std::make_move_iterator(news.end()));
    return;
  }
  state_->news = std::move(news);
  state_->later([](State& self) { self.deliver_news(); });
}

void LocalQueue::subscribe(std::function<void(std::span<const Announcement>)> listener) {
  state_->listener = std::move(listener);
}

void LocalQueue::depth(std::function<void(Result<Depth>)> done) {
  state_->later([done = std::move(done)](State& self) {
    Depth depth;
    depth.waiting = self.lanes.waiting();
    depth.delivered = self.lanes.delivered();
    depth.capacity = self.lanes.capacity();
    done(depth);
  });
}

void LocalQueue::restrain(std::string ns, std::string action, LaneRule rule,
                          std::function<void(Status)> done) {
  state_->lanes.restrain(ns, action, rule);
  state_->serve_later();
  if (done) state_->later([done = std::move(done)](State&) { done({}); });
}

void LocalQueue::rules(std::function<void(Result<Rules>)> done) {
  state_->later([done = std::move(done)](State& self) {
    done(Rules{self.rules_complete, Millis(0), self.lanes.rules()});
  });
}

void LocalQueue::rules_complete(std::function<void(Status)> done) {
  state_->rules_complete = true;
  state_->serve_later();
  if (done) state_->later([done = std::move(done)](State&) { done({}); });
}

void LocalQueue::hold(std::string runner, std::vector<Entry> entries) {
  const uint32_t number = state_->number_of(std::move(runner));
  for (Entry& entry : entries) state_->lanes.hold(std::move(entry), number);
}

// ── runners: they share this process, so that none of them can be dead while it is asked ──

void LocalQueue::heartbeat(RunnerInfo info) {
  std::string name = info.name;
  state_->infos.insert_or_assign(std::move(name), std::move(info));
}

void LocalQueue::runners(std::function<void(Result<std::vector<RunnerInfo>>)> done) {
  state_->later([done = std::move(done)](State& self) {
    std::vector<RunnerInfo> all;
    for (const auto& [name, info] : self.infos) all.push_back(info);
    done(std::move(all));
  });
}

void LocalQueue::rescue(std::function<void(Result<size_t>)> done) {
  state_->later([done = std::move(done)](State&) { done(size_t{0}); });
}

void LocalQueue::leave(std::string runner, std::function<void()> done) {
  state_->infos.erase(runner);
  state_->lanes.give_back_all(state_->number_of(std::move(runner)));
  state_->serve_later();
  state_->later([done = std::move(done)](State&) { done(); });
}

void LocalQueue::lead(std::string task, std::string who, Millis lease,
                      std::function<void(bool)> done) {
  auto& leaders = state_->leaders;
  const bool leads = leaders.try_emplace(task, who).first->second == who;
  if (leads && lease <= Millis(0)) leaders.erase(task);
  state_->later([done = std::move(done), leads](State&) { done(leads); });
}

}  // namespace sluice
