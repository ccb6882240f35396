#include "runner/plugin_calls.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "store/lifecycle.h"

namespace sluice::runner {
namespace {

constexpr size_t kMaxShownName = 64;  // bytes; the name is whatever Lua code gave

bool allows(const Allow& allow, std::string_view plugin) {
  return !allow || std::find(allow->begin(), allow->end(), plugin) != allow->end();
}

std::string may_use(const std::vector<std::string>& allowed) {
  if (allowed.empty()) return "it may use no plugin";
  std::string names;
  for (const std::string& name : allowed) names += (names.empty() ? "" : ", ") + name;
  return "it may use " + names;
}

}  // namespace

PluginCalls::PluginCalls(Executor& executor, Store& store, plugins::Plugins& plugins, Find find,
                         std::function<void()> waits)
    : executor_(executor),
      store_(store),
      plugins_(plugins),
      find_(std::move(find)),
      waits_(std::move(waits)) {}

PluginCalls::~PluginCalls() {
  for (const auto& [run, waiting] : waiting_) {
    if (waiting.made != 0) plugins_.hang_up(waiting.made);
  }
}

void PluginCalls::call(const sandbox::Job& job, const sandbox::Call& call,
                       std::function<void(sandbox::Answer)> done) {
  hang_up(job);  // there is none, where the pool keeps its promise
  const Run run{job.id, job.run};
  Waiting& waiting = waiting_[run];
  waiting.number = ++last_number_;
  waiting.call.plugin = call.plugin;
  waiting.call.action = call.action;
  waiting.call.payload = call.payload;
  waiting.call.invocation = job.id;
  waiting.call.deadline = call.began + job.timeout;
  waiting.done = std::move(done);
  waits_();

  if (auto why = refusal(run, call.plugin))
    return refuse_later(run, waiting.number, *std::move(why));
  if (find_(job.id)->recorded) return make(run, waiting);
  wait_for_record(run, waiting.number);
}

// What an action may not use is refused before anything is said of it: whether it exists is not its
// business.
std::optional<std::string> PluginCalls::refusal(const Run& run, std::string_view plugin) const {
  const Caller* const caller = find_(run.first);
  if (!caller) return "this run is over";
  const Submission& what = *caller->submission;
  if (!allows(what.allow, plugin)) {
    return fmt::format("the action '{}' may not use plugin '{}'; {}", what.action,
                       lifecycle::clip(plugin, kMaxShownName), may_use(*what.allow));
  }
  // It may even have come here again, and be running a second time.
  if (caller->lost || caller->run != run.second)
    return "this run was given up: its lease passed to another runner";
  return std::nullopt;
}

// A job may run before its record is on the disk (docs/adr/0006). What it does outside could not be
// taken back, should the record fail.
void PluginCalls::wait_for_record(const Run& run, uint64_t number) {
  store_.when_recorded(
      run.first, [this, run, number, alive = std::weak_ptr<int>(alive_)](const Status& recorded) {
        if (!alive.expired() && find(run, number)) on_recorded(run, recorded);
      });
}

void PluginCalls::on_recorded(const Run& run, const Status& recorded) {
  Waiting& waiting = waiting_.at(run);
  if (!recorded.ok()) {
    return answer(run, waiting.number,
                  {false, "no plugin was called: this invocation could not be recorded (" +
                              recorded.error().message + ")"});
  }
  if (Caller* const caller = find_(run.first)) caller->recorded = true;
  // Much may have happened meanwhile.
  if (auto why = refusal(run, waiting.call.plugin))
    return answer(run, waiting.number, {false, *std::move(why)});
  make(run, waiting);
}

void PluginCalls::make(const Run& run, Waiting& waiting) {
  waiting.made = plugins_.call(std::move(waiting.call),
                               [this, run, number = waiting.number](plugins::Answer given) {
                                 answer(run, number, {given.ok, std::move(given.text)});
                               });
}

void PluginCalls::refuse_later(const Run& run, uint64_t number, std::string why) {
  executor_.post(
      [this, alive = std::weak_ptr<int>(alive_), run, number, why = std::move(why)]() mutable {
        if (!alive.expired()) answer(run, number, {false, std::move(why)});
      });
}

void PluginCalls::answer(const Run& run, uint64_t number, sandbox::Answer answer) {
  if (!find(run, number)) return;
  const auto done = std::move(waiting_.extract(run).mapped().done);
  done(std::move(answer));  // it may call again
}

void PluginCalls::hang_up(const sandbox::Job& job) {
  const auto waiting = waiting_.extract({job.id, job.run});
  if (!waiting.empty() && waiting.mapped().made != 0) plugins_.hang_up(waiting.mapped().made);
}

PluginCalls::Waiting* PluginCalls::find(const Run& run, uint64_t number) {
  const auto found = waiting_.find(run);
  return found != waiting_.end() && found->second.number == number ? &found->second : nullptr;
}

}  // namespace sluice::runner
