#include "plugins/host/instance.h"

#include <fmt/format.h>
#include <pthread.h>

#include <csignal>
#include <system_error>
#include <utility>

#include "base/thread_name.h"
#include "plugins/host/host_functions.h"
#include "plugins/host/text.h"

namespace sluice::plugins {
namespace {

constexpr size_t kMaxMessageBytes = 8 << 10;
constexpr size_t kOpenErrorBytes = 4 << 10;
constexpr size_t kKeptCheckerBytes = 64 << 10;  // the buffers for a longer answer are let go again

// The signals of the server are for its loop: while this lives, threads are made without them.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP})
      sigdelset(&all, fault);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_;
};

Error busy(std::string message) {
  return {Code::kFull, "plugins", std::move(message)};
}

}  // namespace

Instance::Instance(InstanceOptions options, Library library, Executor& executor, Log& log,
                   Arrived arrived)
    : options_(std::move(options)),
      library_(std::move(library)),
      executor_(executor),
      arrived_(std::move(arrived)),
      places_(options_.concurrency, *this),
      log_(&log) {
  host_ = host_functions();
  host_.context = this;
  host_.concurrency = static_cast<uint32_t>(options_.concurrency);
  host_.timeout_ms = static_cast<uint32_t>(options_.timeout.count());
  host_.max_answer_bytes = options_.max_answer_bytes;
}

Instance::~Instance() = default;

// ── Opening and the threads ──

Status Instance::open(Millis limit) {
  Lock lock(mutex_);
  if (!start_worker(&Instance::open_and_serve))
    return Error{Code::kUnavailable, "plugins", "no thread can be made for it"};
  if (!changed_.wait_until(lock, std::chrono::steady_clock::now() + limit,
                           [this] { return opened_.has_value(); })) {
    ending_ = true;
    return Error{Code::kUnavailable, "plugins",
                 fmt::format("has not finished opening after {} ms", limit.count())};
  }
  if (*opened_ == 0) return {};
  return Error{Code::kUnavailable, "plugins",
               fmt::format("does not open: {}",
                           open_error_.empty()
                               ? fmt::format("open() returned {} and does not say why", *opened_)
                               : open_error_)};
}

// Locked. False: the system has none to give.
bool Instance::start_worker(void (Instance::*body)(Worker&)) {
  Worker& worker = workers_.emplace_back();
  try {
    const NoSignals inherited;
    worker.thread = std::thread([self = shared_from_this(), body, &worker] {
      name_this_thread(("plugin-" + self->options_.name).substr(0, 15).c_str());
      ((*self).*body)(worker);
    });
  } catch (const std::system_error&) {
    workers_.pop_back();
    return false;
  }
  return true;
}

void Instance::open_and_serve(Worker& self) {
  std::string error;
  const int opened = open_plugin(error);
  {
    const Lock lock(mutex_);
    opened_ = opened;
    open_error_ = std::move(error);
    if (opened != 0) closed_ = true;
  }
  changed_.notify_all();
  if (opened != 0) return;
  if (!is_nonblocking()) serve(self);
  close_when_quiet();
}

int Instance::open_plugin(std::string& error) {
  std::string room(kOpenErrorBytes, '\0');
  const int opened = library_.plugin().open(&host_, options_.config.c_str(), options_.config.size(),
                                            &state_, room.data(), room.size());
  room.back() = '\0';
  error = one_line(room.c_str(), kOpenErrorBytes);
  return opened;
}

void Instance::serve(Worker& self) {
  Lock lock(mutex_);
  ++serving_;
  for (;;) {
    if (self.place == nullptr && can_begin()) self.place = &begin();
    if (self.place != nullptr) {
      Place& place = *self.place;
      lock.unlock();
      run(place);
      lock.lock();
      self.place = nullptr;
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

void Instance::close_when_quiet() {
  Lock lock(mutex_);
  changed_.wait(lock, [this] { return ending_ && serving_ == 0 && places_.all_free(); });
  lock.unlock();
  library_.plugin().close(state_);
  lock.lock();
  closed_ = true;
  changed_.notify_all();
}

// ── Calls: the loop's side ──

Result<Ticket> Instance::submit(Work work) {
  Lock lock(mutex_);
  if (ending_) return busy(fmt::format("plugin '{}' is closed: the server stops", name()));
  const bool at_once = waiting_.empty() && places_.any_free();
  if (!at_once && waiting_.size() >= options_.queue)
    return busy(
        options_.queue == 0
            ? fmt::format("plugin '{}' is busy: {} calls are under way and none may wait", name(),
                          options_.concurrency)
            : fmt::format("plugin '{}' is busy: {} calls wait already", name(), waiting_.size()));
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
  if (ending_ && places_.all_free()) changed_.notify_all();
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

// A plugin that breaks this rule may do so all the time: said once, twice, four times, …
void Instance::complain_of_stray(std::string_view what) {
  const uint64_t times = strays_.fetch_add(1, std::memory_order_relaxed) + 1;
  if ((times & (times - 1)) == 0)
    log(LogLevel::kError, fmt::format("{} (the plugin is at fault; {} so far)", what, times));
}

void Instance::log(LogLevel level, std::string_view text) {
  const std::lock_guard lock(log_mutex_);
  if (log_ == nullptr || !log_->enabled(level)) return;
  log_->write(level, fmt::format("Plugin '{}': {}", name(), one_line(text, kMaxMessageBytes)));
}

// ── The end ──

void Instance::end() {
  const Lock lock(mutex_);
  ending_ = true;
  for (Work& work : waiting_) {
    work.id = 0;
    std::string().swap(work.payload);
  }
  spare_.splice(spare_.begin(), waiting_);
  for (Work& work : under_way_) work.place->abandoned.store(true, std::memory_order_relaxed);
  idle_.clear();
  for (Worker& worker : workers_) worker.wake.notify_one();
  changed_.notify_all();
}

bool Instance::wait_closed(MonoTime until) {
  Lock lock(mutex_);
  return changed_.wait_until(lock, until, [this] { return closed_; });
}

void Instance::detach() {
  bool closed;
  {
    const Lock lock(mutex_);
    detached_ = true;
    closed = closed_;
    if (!closed) library_.keep();
  }
  while (posting_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
  {
    const std::lock_guard lock(log_mutex_);
    log_ = nullptr;
  }
  for (Worker& worker : workers_) {
    if (!worker.thread.joinable()) continue;
    if (closed) {
      worker.thread.join();
    } else {
      worker.thread.detach();
    }
  }
}

}  // namespace sluice::plugins
