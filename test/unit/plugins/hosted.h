// A PluginHost on a loop of its own, with the plugins of the tests.
#pragma once

#include <dlfcn.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "library/gate.h"
#include "plugins/host/plugin_host.h"
#include "test/support/loop_until.h"

namespace sluice::test {

inline plugins::PluginOptions plugin_named(const std::string& name, const std::string& file) {
  plugins::PluginOptions options;
  options.instance.name = name;
  options.instance.config = "{}";
  options.library = {file, {SLUICE_TEST_PLUGINS}};
  options.origin = "config.lua:7";
  return options;
}

struct Hosted {
  Hosted() : log(quiet()) { host.emplace(loop, clock, log, metrics); }
  explicit Hosted(std::vector<plugins::PluginOptions> plugins) : Hosted() {
    opened = host->open(std::move(plugins));
  }

  static LogOptions quiet() {
    LogOptions options;
    options.level = LogLevel::kOff;
    return options;
  }

  // A call whose answer lies in what is returned, once it is there.
  std::shared_ptr<std::optional<plugins::Answer>> begin(const std::string& plugin,
                                                        const std::string& action,
                                                        const std::string& payload = "{}",
                                                        MonoTime deadline = {}) {
    auto answer = std::make_shared<std::optional<plugins::Answer>>();
    last_id = host->call({plugin, action, payload, {}, deadline},
                         [answer](plugins::Answer given) { *answer = std::move(given); });
    return answer;
  }

  plugins::Answer ask(const std::string& plugin, const std::string& action,
                      const std::string& payload = "{}") {
    const auto answer = begin(plugin, action, payload);
    if (!loop_until(loop, [&] { return answer->has_value(); })) return {false, "no answer came"};
    return **answer;
  }

  Loop loop;
  SystemClock clock;
  Log log;
  Metrics metrics;
  std::optional<plugins::PluginHost> host;
  Status opened;
  plugins::CallId last_id = 0;
};

// The functions that gate.so has for the test. Its calls are all released at the end.
class Gate {
 public:
  explicit Gate(const std::string& file = "gate.so")
      : library_(
            dlopen((std::string(SLUICE_TEST_PLUGINS "/") + file).c_str(), RTLD_NOW | RTLD_LOCAL)),
        state_(reinterpret_cast<decltype(&gate_state)>(dlsym(library_, "gate_state"))),
        release_(reinterpret_cast<decltype(&gate_release)>(dlsym(library_, "gate_release"))) {
    reinterpret_cast<decltype(&gate_reset)>(dlsym(library_, "gate_reset"))();
  }
  ~Gate() { dlclose(library_); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  GateState state() const { return state_(); }
  void release(int calls) const { release_(calls); }

 private:
  void* library_;
  decltype(&gate_state) state_;
  decltype(&gate_release) release_;
};

}  // namespace sluice::test
