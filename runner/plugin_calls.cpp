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

PluginCalls::PluginCalls(Executor& executor, Store& store, plugins::Plugins& plugins,
                         const Clock& clock, Find find, std::function<void()> waits)
    : executor_(executor),
      store_(store),
      plugins_(plugins),
      clock_(clock),
      find_(std::move(find)),
      waits_(std::move(waits)) {}

PluginCalls::~PluginCalls() {
  for (const auto& [id, waiting] : waiting_) {
    if (waiting.made != 0) plugins_.hang_up(waiting.made);
  }
}

void PluginCalls::call(const sandbox::Job& job, const sandbox::Call& call,
                       std::function<void(sandbox::Answer)> done) {
  hang_up(job);  // there is none, where the pool keeps its promise
  Waiting& waiting = waiting_[job.id];
  waiting.number = ++last_number_;
  waiting.call.plugin = call.plugin;
  waiting.call.action = call.action;
  waiting.call.payload = call.payload;
  waiting.call.invocation = job.id;
  waiting.done = std::move(done);
  waits_();

  Caller* const caller = find_(job.id);
  // From its first call on: by then the job had begun, however long it had waited for a worker. The
  // pool hangs up when its time is over.
  if (caller && !caller->deadline) caller->deadline = clock_.mono() + job.timeout;
  if (auto why = refusal(caller, call.plugin)) return refuse_later(waiting, *std::move(why));
  waiting.call.deadline = *caller->deadline;
  if (caller->recorded) return make(waiting);
  wait_for_record(job.id, waiting.number);
}

// What an action may not use is refused before anything is said of it: whether it exists is not its
// business.
std::optional<std::string> PluginCalls::refusal(const Caller* caller,
                                                std::string_view plugin) const {
  if (!caller) return "this run is over";
  const Submission& what = *caller->submission;
  if (!allows(what.allow, plugin)) {
    return fmt::format("the action '{}' may not use plugin '{}'; {}", what.action,
                       lifecycle::clip(plugin, kMaxShownName), may_use(*what.allow));
  }
  if (caller->lost) return "this run was given up: its lease passed to another runner";
  return std::nullopt;
}

// A job may run before its record is on the disk (docs/adr/0006). What it does outside could not be
// taken back, should the record fail.
void PluginCalls::wait_for_record(const Uuid& id, uint64_t number) {
  store_.when_recorded(
      id, [this, id, number, alive = std::weak_ptr<int>(alive_)](const Status& recorded) {
        if (!alive.expired() && find(id, number)) on_recorded(id, recorded);
      });
}

void PluginCalls::on_recorded(const Uuid& id, const Status& recorded) {
  Waiting& waiting = waiting_.at(id);
  Caller* const caller = find_(id);
  if (!recorded.ok()) {
    return answer(id, waiting.number,
                  {false, "no plugin was called: this invocation could not be recorded (" +
                              recorded.error().message + ")"});
  }
  if (caller) caller->recorded = true;
  // Much may have happened meanwhile.
  if (auto why = refusal(caller, waiting.call.plugin))
    return answer(id, waiting.number, {false, *std::move(why)});
  make(waiting);
}

void PluginCalls::make(Waiting& waiting) {
  const Uuid id = waiting.call.invocation;
  waiting.made = plugins_.call(std::move(waiting.call),
                               [this, id, number = waiting.number](plugins::Answer given) {
                                 answer(id, number, {given.ok, std::move(given.text)});
                               });
}

void PluginCalls::refuse_later(const Waiting& waiting, std::string why) {
  executor_.post([this, alive = std::weak_ptr<int>(alive_), id = waiting.call.invocation,
                  number = waiting.number, why = std::move(why)]() mutable {
    if (!alive.expired()) answer(id, number, {false, std::move(why)});
  });
}

void PluginCalls::answer(const Uuid& id, uint64_t number, sandbox::Answer answer) {
  if (!find(id, number)) return;
  const auto done = std::move(waiting_.extract(id).mapped().done);
  done(std::move(answer));  // it may call again
}

void PluginCalls::hang_up(const sandbox::Job& job) {
  const auto waiting = waiting_.extract(job.id);
  if (!waiting.empty() && waiting.mapped().made != 0) plugins_.hang_up(waiting.mapped().made);
}

PluginCalls::Waiting* PluginCalls::find(const Uuid& id, uint64_t number) {
  const auto found = waiting_.find(id);
  return found != waiting_.end() && found->second.number == number ? &found->second : nullptr;
}

}  // namespace sluice::runner
