// PluginDriver: a plugin's library, driven as the server drives it, but each call is waited for.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "sluice/plugin.h"

namespace sluice::test {

struct PluginAnswer {
  bool ok = false;
  std::string text;  // JSON, or the message
};

class PluginDriver {
 public:
  struct Options {
    uint32_t concurrency = 4;
    std::chrono::milliseconds timeout{30'000};
    uint64_t max_answer_bytes = 1 << 20;
  };

  // Loads build/…/plugins/FILE, or FILE where it begins with "/", and opens it. Throws
  // std::runtime_error with what is wrong.
  PluginDriver(const std::string& file, const std::string& config)
      : PluginDriver(file, config, Options()) {}
  PluginDriver(const std::string& file, const std::string& config, Options options);
  ~PluginDriver();

  // From any thread. Waits for the answer; throws when there is none within a minute, or a second
  // one.
  PluginAnswer call(const std::string& action, const std::string& payload);

  // The same, with a caller that gives up at once: whatever asks is told so.
  PluginAnswer call_abandoned(const std::string& action, const std::string& payload);

  const sluice_plugin& description() const;
  std::string logged() const;  // a line for each log()

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::test
