#include "apps/sluice/serve.h"

#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <utility>

#include "api/api.h"
#include "apps/sluice/backends.h"
#include "apps/sluice/code_seal.h"
#include "apps/sluice/end_signals.h"
#include "apps/sluice/gate.h"
#include "apps/sluice/options.h"
#include "apps/sluice/plugin_side.h"
#include "apps/sluice/runner_side.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "queue/local/local_queue.h"

namespace sluice {
namespace {

// What `sluice serve` consists of, in the order of dependence: each part outlives those below it.
class Server {
 public:
  Server(const Settings& settings, api::AccessOptions access, Store& store,
         plugins::Plugins& plugins, const Seal& seal, Loop& loop, const Clock& clock, Log& log,
         Metrics& metrics)
      : settings_(settings),
        log_(log),
        store_(store),
        queue_(loop, {.capacity = static_cast<size_t>(settings.runner.queue_capacity),
                      .await_rules = true}),
        pool_(loop, clock, log, pool_options(settings)),
        runner_side_({loop, store_, queue_, pool_, plugins, seal, clock, log, metrics}, settings,
                     Place::kAlone),
        api_({loop, store_, queue_, pool_, seal, clock, log, metrics},
             api_options(settings, place(), std::move(access))),
        reload_(loop, settings, log,
                [this](api::Tokens tokens) { api_.set_tokens(std::move(tokens)); }) {}

  Status start() {
    if (Status started = pool_.start(); !started.ok()) return started;
    runner_side_.start();
    const auto [host, port] = split_address(settings_.api.listen);
    if (Status listening = api_.listen(host, port); !listening.ok()) return listening;
    std::printf("Listening on http://%s\n", api_.address().c_str());
    std::fflush(stdout);
    return {};
  }

  // Told to end: nothing new comes in, what runs may finish within the grace time, everything is
  // written.
  void stop(std::function<void(Status)> done) {
    const Millis grace = settings_.runner.grace;
    log_.info("Stopping: what runs has {} ms to finish", grace.count());
    auto both = std::make_shared<std::pair<int, std::function<void(Status)>>>(2, std::move(done));
    const auto one_ended = [this, both] {
      if (--both->first == 0) store_.flush(std::move(both->second));
    };
    api_.drain(grace, one_ended);
    runner_side_.drain([this, one_ended] {
      api_.end_waits();  // what has not run by now runs after the next start
      one_ended();
    });
  }

 private:
  // A database that others write to, too, makes this server one of several.
  Place place() const {
    return settings_.store == Settings::Store::kMongodb ? Place::kFleet : Place::kAlone;
  }

  const Settings& settings_;
  Log& log_;
  Store& store_;
  LocalQueue queue_;
  sandbox::ProcessPool pool_;
  RunnerSide runner_side_;
  api::Api api_;
  TokenReload reload_;
};

}  // namespace

Status serve(const Settings& settings, bool& threads_left) {
  Result<api::AccessOptions> access = access_options(settings);
  if (!access.ok()) return access.error();
  std::signal(SIGPIPE, SIG_IGN);
  umask(0077);  // what it stores is what people sent: no business of others on this machine
  Loop loop;
  SystemClock clock;
  Log log(settings.log);
  Metrics metrics;

  auto store = open_store(settings, {loop, clock, log, metrics});
  if (!store.ok()) return store.error();
  const auto seal = seal_of(settings, log);
  if (!seal.ok()) return seal.error();

  PluginSide plugins(settings, loop, clock, log, metrics, threads_left);
  if (Status opened = plugins.open(); !opened.ok()) return opened;

  Status ended;
  Server server(settings, *std::move(access), **store, plugins.port(), *seal, loop, clock, log,
                metrics);
  Timer too_long(loop);
  EndSignals signals(loop, [&] {
    server.stop([&](Status flushed) {
      ended = std::move(flushed);
      loop.stop();
    });
    too_long.once(settings.runner.grace + kAfterGrace, [&] {
      ended = Error{Code::kUnavailable, "serve",
                    "not all results could be written: those jobs run again after the next start"};
      loop.stop();
    });
  });
  if (Status started = server.start(); !started.ok()) return started;
  loop.run();
  return ended;
}

}  // namespace sluice
