// An Instance's start and end, and what it writes into the log.
#include <fmt/format.h>
#include <pthread.h>

#include <csignal>
#include <system_error>
#include <utility>

#include "base/thread_name.h"
#include "plugins/host/host_functions.h"
#include "plugins/host/instance.h"
#include "plugins/host/text.h"

namespace sluice::plugins {
namespace {

constexpr size_t kOpenErrorBytes = 4 << 10;
constexpr size_t kMaxLineBytes = 8 << 10;

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

void Instance::close_when_quiet() {
  Lock lock(mutex_);
  changed_.wait(lock, [this] { return ending_ && serving_ == 0 && places_.taken() == 0; });
  lock.unlock();
  library_.plugin().close(state_);
  lock.lock();
  closed_ = true;
  changed_.notify_all();
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
  log_->write(level, fmt::format("Plugin '{}': {}", name(), one_line(text, kMaxLineBytes)));
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
