#include "plugins/host/instance.h"

#include <fmt/format.h>

#include <utility>

#include "plugins/host/text.h"

namespace sluice::plugins {
namespace {

constexpr size_t kMaxMessageBytes = 8 << 10;
constexpr size_t kKeptCheckerBytes = 64 << 10;  // the buffers for a longer answer are let go again

Error busy(std::string message) {
  return {Code::kFull, "plugins", std::move(message)};
}

}  // namespace

// ── Calls: the loop's side ──

Result<Ticket> Instance::submit(Work work) {
  Lock lock(mutex_);
  if (ending_) return busy(fmt::format("plugin '{}' is closed: the server stops", name()));
  // What has a place before its thread has woken up does not count as waiting.
  if (waiting_.size() >= options_.queue + places_.free())
    return busy(
        options_.queue == 0
            ? fmt::format("plugin '{}' is busy: {} calls are under way and none may wait", name(),
                          options_.concurrency)
            : fmt::format("plugin '{}' is busy: {} calls wait already", name(), options_.queue));
  if (spare_.empty()) {
    waiting_.push_back(std::move(work));
  } else {
    waiting_.splice(waiting_.end(), spare_, spare_.begin());
    waiting_.back() = std::move(work);
  }
  const Ticket ticket = std::prev(waiting_.end());
  if (is_nonblocking()) {
    run_here(lock);
    return ticket;
  }
  Worker* const worker = hand_out();
  if (worker == nullptr && can_begin() && workers_.size() < options_.concurrency)
    start_worker(&Instance::serve);  // without one more, those that are there do it
  lock.unlock();
  if (worker != nullptr) worker->wake.notify_one();
  return ticket;
}

void Instance::give_up(Ticket ticket, CallId id) {
  const Lock lock(mutex_);
  if (ticket->id != id) return;  // over: its node is another call's, or spare
  if (ticket->place != nullptr) {
    ticket->place->abandoned.store(true, std::memory_order_relaxed);
    return;
  }
  ticket->id = 0;
  std::string().swap(ticket->payload);
  spare_.splice(spare_.begin(), waiting_, ticket);
}

void Instance::collect(std::vector<Answered>& into) {
  Lock lock(mutex_);
  told_ = false;
  into.swap(answered_);
  if (is_nonblocking()) {
    run_here(lock);
  } else {
    hand_out_all();
    if (can_begin() && workers_.size() < options_.concurrency) start_worker(&Instance::serve);
  }
}

Instance::Load Instance::load() const {
  const Lock lock(mutex_);
  return {waiting_.size(), places_.taken()};
}

// ── Calls: from one hand to the next, locked ──

Place& Instance::begin() {
  const Ticket work = waiting_.begin();
  under_way_.splice(under_way_.end(), waiting_, work);
  return places_.begin(work);
}

// The thread to be woken for the call that has waited longest; none: none sleeps, or none can
// begin.
Instance::Worker* Instance::hand_out() {
  if (idle_.empty() || !can_begin()) return nullptr;
  Worker* const worker = idle_.back();
  idle_.pop_back();
  worker->place = &begin();
  return worker;
}

void Instance::hand_out_all() {
  while (Worker* const worker = hand_out()) worker->wake.notify_one();
}

// A thread of it.
void Instance::serve(Worker& self) {
  Lock lock(mutex_);
  ++serving_;
  for (;;) {
    if (self.place == nullptr && can_begin()) self.place = &begin();
    if (self.place != nullptr) {
      Place& place = *std::exchange(self.place, nullptr);
      if (place.abandoned.load(std::memory_order_relaxed)) {  // before this thread had woken up
        place.open.store(0, std::memory_order_relaxed);
        place.answered = true;
      } else {
        lock.unlock();
        run(place);
        lock.lock();
      }
      returned(place);
      continue;
    }
    if (ending_) break;
    idle_.push_back(&self);
    self.wake.wait(lock, [&] { return self.place != nullptr || ending_; });
  }
  --serving_;
  changed_.notify_all();
}

// A nonblocking plugin's calls, on the loop's thread.
void Instance::run_here(Lock& lock) {
  while (can_begin()) {
    Place& place = begin();
    lock.unlock();
    run(place);
    lock.lock();
    returned(place);
  }
}

// Not locked: no thread may hold anything while it is inside of a plugin.
void Instance::run(Place& place) {
  const Work& work = *place.work;
  library_.plugin().call(state_, work.action, work.payload.c_str(), work.payload.size(),
                         place.call());
}

void Instance::returned(Place& place) {
  place.returned = true;
  if (place.answered) free(place);
}

void Instance::free(Place& place) {
  const Ticket work = place.work;
  places_.end(place);
  work->id = 0;
  std::string().swap(work->payload);
  spare_.splice(spare_.begin(), under_way_, work);
  if (ending_ && places_.taken() == 0) changed_.notify_all();
}

// ── Answers: any thread ──

void Instance::answer(sluice_call* call, bool ok, std::string_view text) {
  Place& place = Place::of(call);
  if (!place.take(call)) return complain_of_stray("a call was answered that is answered already");
  Answer answer;
  if (!place.abandoned.load(std::memory_order_relaxed)) answer = checked(place, ok, text);

  Lock lock(mutex_);
  if (!place.abandoned.load(std::memory_order_relaxed))
    answered_.push_back({place.work->id, std::move(answer)});
  place.answered = true;
  Worker* worker = nullptr;
  if (place.returned) {
    free(place);
    worker = hand_out();
  }
  const bool tell_loop = must_tell();
  lock.unlock();
  if (worker != nullptr) worker->wake.notify_one();
  if (tell_loop) tell();
}

// Locked. Whether there is something for the loop to do that it has not been told of; it is to be
// told then.
bool Instance::must_tell() {
  const bool waits = !answered_.empty() || can_begin();
  if (!waits || told_ || detached_) return false;
  told_ = true;
  posting_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Instance::tell() {
  executor_.post([self = shared_from_this()] {
    if (!self->detached_) self->arrived_(*self);  // detach() is of this very thread
  });
  posting_.fetch_sub(1, std::memory_order_release);
}

Answer Instance::checked(Place& place, bool ok, std::string_view text) const {
  if (!ok) {
    std::string message = one_line(text, kMaxMessageBytes);
    if (message.empty()) message = fmt::format("plugin '{}' failed and does not say why", name());
    return {false, std::move(message)};
  }
  if (text.size() > options_.max_answer_bytes)
    return {false, fmt::format("plugin '{}' answered {} bytes; {} are the most", name(),
                               text.size(), options_.max_answer_bytes)};
  const auto check = [&] {
    if (text.size() > kKeptCheckerBytes) return JsonChecker().check(text);
    if (!place.checker) place.checker.emplace();
    return place.checker->check(text);
  };
  if (const Status json = check(); !json.ok())
    return {false,
            fmt::format("plugin '{}' answered what is no JSON: {}", name(), json.error().message)};
  return {true, std::string(text)};
}

}  // namespace sluice::plugins
