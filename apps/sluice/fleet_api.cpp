#include "apps/sluice/fleet_api.h"

#include <csignal>
#include <cstdio>
#include <utility>

#include "api/api.h"
#include "apps/sluice/backends.h"
#include "apps/sluice/code_seal.h"
#include "apps/sluice/end_signals.h"
#include "apps/sluice/gate.h"
#include "apps/sluice/options.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"

namespace sluice {

Status serve_api(const Settings& given) {
  Settings settings = given;
  settings.store = Settings::Store::kMongodb;  // whatever `serve` uses on this machine
  settings.runner.workers = 0;  // its pool compiles what is uploaded, and runs nothing
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

  sandbox::ProcessPool compiler(loop, clock, log, pool_options(settings));
  if (Status started = compiler.start(); !started.ok()) return started;
  api::Api api({loop, **store, **queue, compiler, *seal, clock, log, metrics},
               api_options(settings, Place::kFleet, *std::move(access)));
  const TokenReload reload(loop, settings, log,
                           [&](api::Tokens tokens) { api.set_tokens(std::move(tokens)); });
  const auto [host, port] = split_address(settings.api.listen);
  if (Status listening = api.listen(host, port); !listening.ok()) return listening;
  EndSignals signals(loop, [&] {
    log.info("Stopping: requests that wait have {} ms", settings.runner.grace.count());
    api.drain(settings.runner.grace, [&] { loop.stop(); });
  });
  std::printf("Listening on http://%s\n", api.address().c_str());
  std::fflush(stdout);
  loop.run();
  return {};
}

}  // namespace sluice
