#include "base/loop.h"

#include <algorithm>
#include <cstdlib>

namespace sluice {

Loop::Loop() : thread_(std::this_thread::get_id()) {
  if (uv_loop_init(&loop_) != 0) std::abort();
  uv_async_init(&loop_, &wake_,
                [](uv_async_t* handle) { static_cast<Loop*>(handle->data)->drain(); });
  wake_.data = this;
  uv_prepare_init(&loop_, &before_sleep_);
  before_sleep_.data = this;
  uv_prepare_start(&before_sleep_,
                   [](uv_prepare_t* handle) { static_cast<Loop*>(handle->data)->drain(); });
}

Loop::~Loop() {
  drain();
  uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&before_sleep_), nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  if (uv_loop_close(&loop_) != 0) std::abort();  // a handle was left open
}

void Loop::run() {
  stopping_ = false;
  while (!stopping_) uv_run(&loop_, UV_RUN_DEFAULT);
}

void Loop::stop() {
  post([this] {
    stopping_ = true;
    uv_stop(&loop_);
  });
}

void Loop::post(Task task) {
  if (std::this_thread::get_id() == thread_) {
    posted_here_.push_back(std::move(task));
    return;
  }
  bool first;
  {
    std::lock_guard lock(mutex_);
    first = posted_elsewhere_.empty();
    posted_elsewhere_.push_back(std::move(task));
    any_elsewhere_.store(true, std::memory_order_relaxed);
  }
  if (first) uv_async_send(&wake_);
}

void Loop::at_turn_end(Task task) {
  turn_end_.push_back(std::move(task));
}

void Loop::event_handled() {
  constexpr int kEventsATurn = 32;
  if (++events_this_turn_ >= kEventsATurn || any_elsewhere_.load(std::memory_order_relaxed))
    drain();
}

// Tasks post tasks, and what runs at the end of a turn posts more: goes on until nothing is left,
// so that the loop never sleeps on work it has.
void Loop::drain() {
  events_this_turn_ = 0;
  std::vector<Task> batch;
  for (;;) {
    batch.clear();
    {
      std::lock_guard lock(mutex_);
      batch.swap(posted_elsewhere_);
      any_elsewhere_.store(false, std::memory_order_relaxed);
    }
    if (batch.empty()) batch.swap(posted_here_);
    if (batch.empty()) batch.swap(turn_end_);
    if (batch.empty()) return;
    for (Task& task : batch) task();
  }
}

struct Timer::State {
  uv_timer_t handle;
  Task task;
};

Timer::Timer(Loop& loop) : state_(new State) {
  uv_timer_init(loop.uv(), &state_->handle);
  state_->handle.data = state_;
}

Timer::~Timer() {
  state_->task = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&state_->handle),
           [](uv_handle_t* handle) { delete static_cast<State*>(handle->data); });
}

void Timer::once(std::chrono::milliseconds after, Task task) {
  state_->task = std::move(task);
  uv_update_time(state_->handle.loop);
  uv_timer_start(
      &state_->handle,
      [](uv_timer_t* handle) {
        Task run = std::move(static_cast<State*>(handle->data)->task);
        if (run) run();
      },
      static_cast<uint64_t>(std::max<int64_t>(0, after.count())), 0);
}

void Timer::every(std::chrono::milliseconds period, Task task) {
  state_->task = std::move(task);
  uv_update_time(state_->handle.loop);
  uv_timer_start(
      &state_->handle,
      [](uv_timer_t* handle) {
        const Task run =
            static_cast<State*>(handle->data)->task;  // a copy: it may destroy the timer
        if (run) run();
      },
      static_cast<uint64_t>(period.count()), static_cast<uint64_t>(period.count()));
}

void Timer::stop() {
  uv_timer_stop(&state_->handle);
}
bool Timer::active() const {
  return uv_is_active(reinterpret_cast<const uv_handle_t*>(&state_->handle)) != 0;
}

}  // namespace sluice
