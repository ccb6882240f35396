// PluginHost's start and end, and the figures that it reports meanwhile.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "plugins/host/hosted.h"
#include "plugins/host/plugin_host.h"
#include "plugins/host/text.h"

namespace sluice::plugins {
namespace {

constexpr Millis kDefaultGrace{3'000};
constexpr size_t kShownActions = 8;  // in the log
constexpr size_t kShownVersionBytes = 64;

Counter& calls(Metrics& metrics, const std::string& plugin, const char* result) {
  return metrics.counter("sluice_plugin_calls_total", "Calls of plugins, by how they ended",
                         {{"plugin", plugin}, {"result", result}});
}

Gauge& gauge(Metrics& metrics, const std::string& plugin, const char* state) {
  return metrics.gauge("sluice_plugin_calls", "Calls of plugins at present",
                       {{"plugin", plugin}, {"state", state}});
}

// "Plugin 'mongo' 1.0.0 (insert, query, …)"; "Plugin 'people': mongo 1.0.0 (…)".
std::string introduction(const std::string& name, const Library& library) {
  const sluice_plugin& plugin = library.plugin();
  return fmt::format("Plugin '{}'{} {} ({})", name,
                     name == plugin.name ? "" : fmt::format(": {}", plugin.name),
                     plugin.version == nullptr ? "" : one_line(plugin.version, kShownVersionBytes),
                     enumerate(library.actions(), kShownActions));
}

}  // namespace

PluginHost::Hosted::Hosted(std::shared_ptr<Instance> opened, Metrics& metrics)
    : instance(std::move(opened)),
      ok(calls(metrics, name(), "ok")),
      error(calls(metrics, name(), "error")),
      timeout(calls(metrics, name(), "timeout")),
      refused(calls(metrics, name(), "refused")),
      abandoned(calls(metrics, name(), "abandoned")),
      seconds(metrics.histogram("sluice_plugin_call_seconds",
                                "From the call to its answer, waiting included",
                                {{"plugin", name()}})),
      waiting(gauge(metrics, name(), "waiting")),
      under_way(gauge(metrics, name(), "under_way")) {}

PluginHost::PluginHost(Loop& loop, const Clock& clock, Log& log, Metrics& metrics)
    : loop_(loop),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      overdue_(loop),
      every_second_(loop),
      self_(std::make_shared<PluginHost*>(this)) {}

PluginHost::~PluginHost() {
  stop(kDefaultGrace);
}

Status PluginHost::open(std::vector<PluginOptions> plugins, Millis limit) {
  for (PluginOptions& plugin : plugins) {
    const std::string where = plugin.origin.empty() ? "" : plugin.origin + ": ";
    const std::string name = plugin.instance.name;
    if (Status opened = open_one(std::move(plugin), limit); !opened.ok()) {
      Error error = opened.error();
      error.message = fmt::format("{}Plugin \"{}\": {}", where, name, error.message);
      return error;
    }
  }
  if (!hosted_.empty()) every_second_.every(Millis(1'000), [this] { report_load(); });
  return {};
}

Status PluginHost::open_one(PluginOptions plugin, Millis limit) {
  Result<Library> library = Library::load(plugin.library);
  if (!library.ok()) return library.error();
  const std::string name = plugin.instance.name;
  auto instance =
      std::make_shared<Instance>(std::move(plugin.instance), *std::move(library), loop_, log_,
                                 [this, name](Instance&) { arrived(*find(name)); });
  if (Status opened = instance->open(limit); !opened.ok()) {
    if (!instance->wait_closed(clock_.mono())) left_behind_ = true;  // it is still opening
    instance->detach();
    return opened;
  }
  log_.info("{}", introduction(name, instance->library()));
  const auto at = std::lower_bound(names_.begin(), names_.end(), name) - names_.begin();
  names_.insert(names_.begin() + at, name);
  hosted_.insert(hosted_.begin() + at, std::make_unique<Hosted>(std::move(instance), metrics_));
  return {};
}

void PluginHost::report_load() {
  for (const auto& hosted : hosted_) {
    const Instance::Load load = hosted->instance->load();
    hosted->waiting.set(static_cast<double>(load.waiting));
    hosted->under_way.set(static_cast<double>(load.under_way));
  }
}

// ── The end ──

bool PluginHost::stop(Millis grace) {
  if (std::exchange(stopped_, true)) return !left_behind_;
  const MonoTime until = clock_.mono() + grace;
  overdue_.stop();
  every_second_.stop();
  *self_ = nullptr;
  for (const auto& hosted : hosted_) hosted->instance->end();
  for (const auto& hosted : hosted_) {
    if (!hosted->instance->wait_closed(until)) {
      left_behind_ = true;
      const size_t calls = hosted->instance->load().under_way;
      log_.warn("Plugin '{}' has not {} in time: it is left as it is", hosted->name(),
                calls == 0 ? "closed" : fmt::format("answered {} calls", calls));
    }
    hosted->instance->detach();
  }
  return !left_behind_;
}

}  // namespace sluice::plugins
