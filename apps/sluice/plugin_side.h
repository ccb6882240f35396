// PluginSide: the plugins of a process that runs jobs, from their start to their end.
#pragma once

#include "base/clock.h"
#include "base/config/settings.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/result.h"
#include "plugins/host/plugin_host.h"

namespace sluice {

// Outlives the pool and the runner, whose calls it serves.
class PluginSide {
 public:
  // `threads_left` is set at the end when threads are still inside of plugins: see
  // PluginHost::stop().
  PluginSide(const Settings& settings, Loop& loop, const Clock& clock, Log& log, Metrics& metrics,
             bool& threads_left);
  ~PluginSide();
  PluginSide(const PluginSide&) = delete;
  PluginSide& operator=(const PluginSide&) = delete;

  // Loads what the settings name; nothing where no jobs run.
  Status open();

  plugins::Plugins& port() { return host_; }

 private:
  const Settings& settings_;
  bool& threads_left_;
  plugins::PluginHost host_;
};

}  // namespace sluice
