// Calls without a server: what Reply needs, where a test wants to see and steer each of them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "sluice/plugin.hpp"

namespace sluice::test {

class OneCall {
 public:
  OneCall() = default;
  OneCall(const OneCall&) = delete;
  OneCall& operator=(const OneCall&) = delete;

  plugin::Reply reply() { return {host(), reinterpret_cast<sluice_call*>(this)}; }
  void abandon() { abandoned_ = true; }

  bool answered() const {
    std::lock_guard lock(mutex_);
    return answers_ > 0;
  }
  // Waits; a minute is a hang.
  std::string text() {
    std::unique_lock lock(mutex_);
    if (!come_.wait_for(lock, std::chrono::minutes(1), [&] { return answers_ > 0; }))
      return "(no answer)";
    return answers_ == 1 ? text_ : "(several answers)";
  }
  bool ok() {
    text();
    return ok_;
  }
  std::thread::id by() {
    text();
    return by_;
  }

 private:
  static OneCall& of(const sluice_call* call) {
    return *reinterpret_cast<OneCall*>(const_cast<sluice_call*>(call));
  }
  void end(bool ok, std::string text) {
    std::lock_guard lock(mutex_);
    ok_ = ok;
    text_ = std::move(text);
    by_ = std::this_thread::get_id();
    ++answers_;
    come_.notify_all();
  }

  static const sluice_host& host() {
    static const sluice_host host = {
        SLUICE_PLUGIN_ABI,
        sizeof(sluice_host),
        nullptr,
        64,
        60'000,
        1 << 20,
        [](sluice_call* call, const char* json, size_t size) {
          of(call).end(true, {json, size});
        },
        [](sluice_call* call, const char* text, size_t size) {
          of(call).end(false, {text, size});
        },
        [](const sluice_call* call) { return of(call).abandoned_ ? 1 : 0; },
        [](const sluice_call*) { return int64_t{60'000}; },
        [](void*, sluice_log_level, const char*, size_t) {}};
    return host;
  }

  mutable std::mutex mutex_;
  std::condition_variable come_;
  std::atomic<bool> abandoned_{false};
  int answers_ = 0;
  bool ok_ = false;
  std::string text_;
  std::thread::id by_;
};

// Until something holds that another thread does. False after a minute: a hang.
template <class Condition>
bool comes_true(Condition condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace sluice::test
