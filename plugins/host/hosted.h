// A plugin as PluginHost keeps it: the instance, and what it is measured by.
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "plugins/host/instance.h"
#include "plugins/host/plugin_host.h"

namespace sluice::plugins {

struct PluginHost::Hosted {
  Hosted(std::shared_ptr<Instance> instance, Metrics& metrics);

  const std::string& name() const { return instance->name(); }

  const std::shared_ptr<Instance> instance;
  Counter& ok;
  Counter& error;
  Counter& timeout;
  Counter& refused;
  Counter& abandoned;
  Histogram& seconds;
  Gauge& waiting;
  Gauge& under_way;
};

}  // namespace sluice::plugins
