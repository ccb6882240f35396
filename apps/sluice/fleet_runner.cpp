#include "apps/sluice/fleet_runner.h"

#include <csignal>
#include <cstdio>
#include <utility>

#include "apps/sluice/backends.h"
#include "apps/sluice/code_seal.h"
#include "apps/sluice/end_signals.h"
#include "apps/sluice/gate.h"
#include "apps/sluice/options.h"
#include "apps/sluice/plugin_side.h"
#include "apps/sluice/runner_side.h"
#include "apps/sluice/status_page.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"

namespace sluice {

Status serve_runner(const Settings& given, bool& threads_left) {
  Settings settings = given;
  settings.store = Settings::Store::kMongodb;  // whatever `serve` uses on this machine
  if (settings.runner.workers == 0)
    return Error{Code::kInvalid, "runner", "a runner needs --workers of at least 1"};
  Result<api::AccessOptions> access = access_options(settings);
  if (!access.ok()) return access.error();
  std::signal(SIGPIPE, SIG_IGN);
  Loop loop;
  SystemClock clock;
  Log log(settings.log);
  Metrics metrics;

  const auto seal = seal_of(settings, log);
  if (!seal.ok()) return seal.error();
  auto store = open_mongo(settings, {loop, clock, log, metrics});
  if (!store.ok()) return store.error();
  auto queue = open_redis(settings, {loop, clock, log, metrics});
  if (!queue.ok()) return queue.error();

  PluginSide plugins(settings, loop, clock, log, metrics, threads_left);
  if (Status opened = plugins.open(); !opened.ok()) return opened;

  sandbox::PoolOptions options = pool_options(settings);
  options.prefetch = static_cast<size_t>(settings.runner.prefetch);
  sandbox::ProcessPool pool(loop, clock, log, options);
  if (Status started = pool.start(); !started.ok()) return started;
  RunnerSide side({loop, **store, **queue, pool, plugins.port(), *seal, clock, log, metrics},
                  settings, Place::kFleet);
  side.start();
  StatusPage status(loop, clock, **store, **queue, pool, metrics, *std::move(access));
  const TokenReload reload(loop, settings, log,
                           [&](api::Tokens tokens) { status.set_tokens(std::move(tokens)); });
  Timer too_long(loop);
  EndSignals signals(loop, [&] {
    const Millis grace = settings.runner.grace;
    log.info("Stopping: what runs has {} ms to finish", grace.count());
    side.drain([&] { loop.stop(); });
    too_long.once(grace + kAfterGrace, [&] {
      log.warn("Not everything could be handed back: it runs elsewhere once its lease is over");
      loop.stop();
    });
  });
  if (!settings.runner.status.empty()) {
    if (Status listening = status.listen(settings.runner.status); !listening.ok()) return listening;
    std::printf("Listening on http://%s\n", status.address().c_str());
  }
  std::printf("Running jobs as %s\n", side.name().c_str());
  std::fflush(stdout);
  loop.run();
  return {};
}

}  // namespace sluice
