#include "plugins/host/plugin_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "plugins/host/hosted.h"
#include "plugins/host/text.h"

namespace sluice::plugins {
namespace {

constexpr size_t kShownNames = 20;  // of those that exist, in an error
constexpr size_t kShownNameBytes = 64;

std::string shown(std::string_view name) {
  return one_line(name, kShownNameBytes);
}

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

// The upper half of an id counts how often its place was used.
constexpr CallId kNextTurn = CallId{1} << 32;

uint32_t place_of(CallId id) {
  return static_cast<uint32_t>(id);
}

}  // namespace

// ── Calls ──

CallId PluginHost::call(Call call, std::function<void(Answer)> done) {
  const CallId id = new_waiter();
  Waiter& waits = waiters_[place_of(id)];
  waits.done = std::move(done);
  Hosted* const hosted = find(call.plugin);
  if (hosted == nullptr) return refuse(id, unknown_plugin(call.plugin));
  waits.hosted = hosted;

  Instance& instance = *hosted->instance;
  const std::vector<std::string>& actions = instance.library().actions();
  const char* const action = instance.library().action(call.action);
  if (action == nullptr)
    return refuse(id, fmt::format("plugin '{}' has no action '{}'; it has {}", hosted->name(),
                                  shown(call.action), enumerate(actions, kShownNames)));
  waits.began = clock_.mono();
  waits.deadline = waits.began + instance.timeout();
  if (call.deadline != MonoTime()) waits.deadline = std::min(waits.deadline, call.deadline);

  Result<Ticket> accepted =
      instance.submit({id, action, std::move(call.payload), waits.deadline, nullptr});
  if (!accepted.ok()) return refuse(id, accepted.error().message);
  waits.ticket = *accepted;
  watch(waits.deadline);
  return id;
}

void PluginHost::hang_up(CallId id) {
  Waiter* const waits = waiter(id);
  if (waits == nullptr) return;
  if (waits->ticket) {
    waits->hosted->instance->give_up(*waits->ticket, id);
    waits->hosted->abandoned.add();
  }
  let_go(id);
}

PluginHost::Hosted* PluginHost::find(const std::string& name) {
  const auto at = std::lower_bound(names_.begin(), names_.end(), name);
  return at == names_.end() || *at != name ? nullptr : hosted_[at - names_.begin()].get();
}

std::string PluginHost::unknown_plugin(const std::string& name) const {
  if (names_.empty())
    return fmt::format("there is no plugin '{}': no plugins are configured", shown(name));
  return fmt::format("there is no plugin '{}'; there {} {}", shown(name),
                     names_.size() == 1 ? "is" : "are", enumerate(names_, kShownNames));
}

// Later, as every answer.
CallId PluginHost::refuse(CallId id, std::string why) {
  if (Hosted* const hosted = waiter(id)->hosted) hosted->refused.add();
  loop_.post([self = self_, id, why = std::move(why)] {
    if (*self != nullptr) (*self)->answer(id, {false, why});
  });
  return id;
}

void PluginHost::answer(CallId id, Answer answer) {
  Waiter* const waits = waiter(id);
  if (waits == nullptr) return;  // hung up
  const auto done = std::move(waits->done);
  let_go(id);
  done(std::move(answer));
}

void PluginHost::arrived(Hosted& hosted) {
  std::vector<Answered> answers = std::move(arrived_);
  hosted.instance->collect(answers);
  const MonoTime now = clock_.mono();
  for (Answered& one : answers) {
    const Waiter* const waits = waiter(one.id);
    if (waits == nullptr) continue;
    (one.answer.ok ? hosted.ok : hosted.error).add();
    hosted.seconds.observe(seconds(now - waits->began));
    answer(one.id, std::move(one.answer));
  }
  answers.clear();
  arrived_ = std::move(answers);
}

// ── Who waits ──

PluginHost::Waiter* PluginHost::waiter(CallId id) {
  const size_t at = place_of(id);
  if (at >= waiters_.size()) return nullptr;
  Waiter& waits = waiters_[at];
  return waits.id == id && waits.done ? &waits : nullptr;
}

CallId PluginHost::new_waiter() {
  if (free_waiters_.empty()) {
    Waiter fresh;
    fresh.id = waiters_.size();
    free_waiters_.push_back(place_of(fresh.id));
    waiters_.push_back(std::move(fresh));
  }
  Waiter& waits = waiters_[free_waiters_.back()];
  free_waiters_.pop_back();
  waits.id += kNextTurn;
  return waits.id;
}

void PluginHost::let_go(CallId id) {
  Waiter& waits = waiters_[place_of(id)];
  waits = Waiter();
  waits.id = id;
  free_waiters_.push_back(place_of(id));
}

// ── Time ──

// Most calls have the same time-out, so the next that runs out is one that is watched already: the
// timer is set anew by few.
void PluginHost::watch(MonoTime deadline) {
  if (deadline >= next_look_) return;
  next_look_ = deadline;
  const auto left = std::chrono::ceil<Millis>(deadline - clock_.mono());
  overdue_.once(std::max(left, Millis(0)), [this] { end_overdue(); });
}

void PluginHost::end_overdue() {
  next_look_ = MonoTime::max();
  const MonoTime now = clock_.mono();
  MonoTime next = MonoTime::max();
  std::vector<CallId> overdue;
  for (const Waiter& waits : waiters_) {
    if (!waits.ticket) continue;
    if (waits.deadline <= now) {
      overdue.push_back(waits.id);
    } else {
      next = std::min(next, waits.deadline);
    }
  }
  if (next != MonoTime::max()) watch(next);
  for (const CallId id : overdue) {
    const Waiter* const waits = waiter(id);
    if (waits == nullptr) continue;  // hung up by one before it
    waits->hosted->instance->give_up(*waits->ticket, id);
    waits->hosted->timeout.add();
    waits->hosted->seconds.observe(seconds(now - waits->began));
    const auto limit = std::chrono::ceil<Millis>(waits->deadline - waits->began);
    answer(id, {false, fmt::format("plugin '{}' did not answer within {} ms", waits->hosted->name(),
                                   std::max(limit, Millis(0)).count())});
  }
}

}  // namespace sluice::plugins
