#include "sandbox/worker/ticker.h"

#include <cerrno>
#include <csignal>
#include <cstring>

namespace sluice::sandbox {
namespace {

constexpr long kPeriodNs = 2'000'000;
constexpr size_t kHandlerStackBytes = 64 << 10;

std::atomic<Ticker*> the_ticker{nullptr};

}  // namespace

Status Ticker::prepare() {
  the_ticker.store(this);
  // Jobs run on stacks of their own, and may have used all but the last bytes of one.
  stack_t stack = {};
  if (sigaltstack(nullptr, &stack) != 0)
    return Error{sluice::Code::kInternal, "ticker", std::strerror(errno)};
  if ((stack.ss_flags & SS_DISABLE) != 0) {
    handler_stack_ = std::make_unique<char[]>(kHandlerStackBytes);
    stack = {};
    stack.ss_sp = handler_stack_.get();
    stack.ss_size = kHandlerStackBytes;
    if (sigaltstack(&stack, nullptr) != 0)
      return Error{sluice::Code::kInternal, "ticker", std::strerror(errno)};
  }
  struct sigaction action = {};
  action.sa_handler = &Ticker::handle;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  struct sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGALRM;
  if (sigaction(SIGALRM, &action, nullptr) != 0 ||
      timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0)
    return Error{sluice::Code::kInternal, "ticker", std::strerror(errno)};
  made_ = true;
  return Ok{};
}

Ticker::~Ticker() {
  if (made_) set(0);
  the_ticker.store(nullptr);
  if (handler_stack_ == nullptr) return;
  stack_t none = {};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
}

// The order matters: whoever of main code and handler comes second sees what the first did.
void Ticker::busy() {
  busy_.store(true, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (!armed_.load(std::memory_order_relaxed)) {
    armed_.store(true, std::memory_order_relaxed);
    set(kPeriodNs);
  }
}

void Ticker::tick() {
  if (busy_.load(std::memory_order_relaxed)) {
    callback_(argument_);
    return;
  }
  set(0);
  armed_.store(false, std::memory_order_relaxed);
}

void Ticker::handle(int) {
  const int kept = errno;
  if (Ticker* ticker = the_ticker.load(); ticker != nullptr) ticker->tick();
  errno = kept;
}

void Ticker::set(long period_ns) {
  struct itimerspec value = {};
  value.it_interval.tv_nsec = period_ns;
  value.it_value.tv_nsec = period_ns;
  timer_settime(timer_, 0, &value, nullptr);
}

}  // namespace sluice::sandbox
