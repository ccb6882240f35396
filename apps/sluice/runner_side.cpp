#include "apps/sluice/runner_side.h"

#include <utility>

#include "base/uuid.h"

namespace sluice {
namespace {

// For people the part they chose; the end makes it this process's alone.
std::string unique_name(const Settings& settings, const Clock& clock) {
  const std::string id = UuidGenerator(clock).next().text();
  return (settings.runner.name.empty() ? host_name() : settings.runner.name) + "-" +
         id.substr(id.size() - 8);
}

RunnerInfo info_of(const Settings& settings, const std::string& name, const Clock& clock) {
  RunnerInfo info;
  info.name = name;
  info.host = host_name();
  info.version = SLUICE_VERSION;
  info.since = clock.wall();
  info.workers = static_cast<uint32_t>(settings.runner.workers);
  return info;
}

runner::SweeperOptions sweeper_options(const std::string& name) {
  runner::SweeperOptions options;
  options.who = name;
  return options;
}

runner::RuleKeeperOptions rule_keeper_options(Place place) {
  runner::RuleKeeperOptions options;
  // Three heartbeats of the others; within one process nobody else holds anything.
  if (place == Place::kFleet) options.settle = Millis(3'000);
  return options;
}

}  // namespace

RunnerSide::RunnerSide(RunnerSideParts parts, const Settings& settings, Place place)
    : parts_(parts),
      settings_(settings),
      name_(unique_name(settings, parts.clock)),
      runner_({parts.loop, parts.store, parts.queue, parts.pool, parts.pool, parts.plugins,
               parts.seal, parts.clock, parts.log, parts.metrics},
              runner_options(settings, place, name_)),
      rule_keeper_(parts.store, parts.queue, parts.clock, parts.log, rule_keeper_options(place),
                   [this] { runner_.declare(); }),
      sweeper_(parts.store, parts.queue, parts.clock, parts.log, sweeper_options(name_)),
      attendance_(parts.queue, runner_, parts.log, info_of(settings, name_, parts.clock)),
      second_(parts.loop),
      tenth_(parts.loop),
      idle_workers_(parts.metrics.gauge("sluice_workers", "Worker processes", {{"state", "idle"}})),
      busy_workers_(parts.metrics.gauge("sluice_workers", "Worker processes", {{"state", "busy"}})),
      kills_(parts.metrics.counter("sluice_worker_kills_total",
                                   "Workers killed for overstaying or misbehaving")) {}

void RunnerSide::start() {
  if (settings_.runner.workers > 0) {
    runner_.start();
    tenth_.every(Millis(100), [this] { runner_.look_for_others(); });
  }
  second_.every(Millis(1'000), [this] { every_second(); });
  every_second();
}

void RunnerSide::every_second() {
  if (settings_.runner.workers > 0) attendance_.tick();
  rule_keeper_.tick();
  sweeper_.tick();
  runner_.tick();
  report_workers();
}

void RunnerSide::report_workers() {
  const sandbox::PoolStats stats = parts_.pool.stats();
  idle_workers_.set(static_cast<double>(stats.workers_alive - stats.workers_busy));
  busy_workers_.set(static_cast<double>(stats.workers_busy));
  kills_.add(static_cast<double>(stats.killed - std::exchange(kills_told_, stats.killed)));
}

void RunnerSide::drain(std::function<void()> done) {
  sweeper_.stop();
  tenth_.stop();
  // Leases are renewed and the heart beats on until nothing runs any more.
  second_.every(Millis(1'000), [this] {
    attendance_.tick();
    rule_keeper_.tick();  // what still runs here counts, should the queue forget
    runner_.tick();
  });
  runner_.drain(settings_.runner.grace, [this, done = std::move(done)]() mutable {
    second_.stop();
    attendance_.leave(std::move(done));
  });
}

}  // namespace sluice
