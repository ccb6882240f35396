// A store in a folder of its own, with a clock that the test sets.
#pragma once

#include <catch2/catch.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "plugins/kv/store.h"
#include "sluice/plugin.hpp"
#include "test/support/process.h"

namespace sluice::test {

class KvWorld {
 public:
  explicit KvWorld(std::function<void(kv::StoreOptions&)> change = {})
      : change_(std::move(change)) {
    open();
  }

  void open() { store = another(); }
  void reopen() {
    store.reset();
    open();
  }
  // One more on the same file, as another process would have it.
  std::unique_ptr<kv::Store> another() {
    kv::StoreOptions options;
    options.path = path();
    options.now = [this] { return now.load(); };
    options.log_error = [this](const std::string& line) {
      std::lock_guard lock(mutex_);
      logged_ += line + '\n';
    };
    options.sweep_every = std::chrono::milliseconds(1);
    if (change_) change_(options);
    return std::make_unique<kv::Store>(std::move(options));
  }

  std::string path() const { return folder / "kv.db"; }
  std::string logged() {
    std::lock_guard lock(mutex_);
    return logged_;
  }

  // A limit that only a hang reaches.
  static kv::Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(60); }

  int64_t set(const std::string& key, const std::string& value,
              std::optional<int64_t> ttl_ms = {}) {
    const auto outcome = store->set({key, value, ttl_ms, {}}, soon());
    REQUIRE_FALSE(outcome.conflict);
    return outcome.version;
  }
  kv::Outcome set_if(const std::string& key, const std::string& value, int64_t version) {
    return store->set({key, value, {}, version}, soon());
  }
  std::optional<kv::Entry> get(const std::string& key) { return store->get(key, soon()); }
  std::string value(const std::string& key) {
    const auto entry = get(key);
    return entry ? entry->value : "(none)";
  }
  bool remove(const std::string& key) { return store->remove(key, {}, soon()).changed; }
  int64_t incr(const std::string& key, int64_t by = 1, std::optional<int64_t> ttl_ms = {}) {
    return std::stoll(store->incr(key, by, ttl_ms, soon()).value);
  }
  kv::Page list(const std::string& prefix = "", std::optional<std::string> after = {},
                size_t limit = 100) {
    return store->list(prefix, after, limit, 1 << 20, soon());
  }

  TempFolder folder;
  std::atomic<int64_t> now{1'700'000'000'000};
  std::unique_ptr<kv::Store> store;

 private:
  std::function<void(kv::StoreOptions&)> change_;
  std::mutex mutex_;
  std::string logged_;
};

// The message of the Failure that `call` throws.
template <class Call>
std::string failure_of(Call call) {
  try {
    call();
  } catch (const plugin::Failure& failure) {
    return failure.what();
  }
  return "(no failure)";
}

}  // namespace sluice::test
