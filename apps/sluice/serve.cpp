#include "apps/sluice/serve.h"

#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "api/api.h"
#include "apps/sluice/store_choice.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "queue/local/local_queue.h"
#include "runner/runner.h"
#include "runner/sweeper.h"
#include "sandbox/pool/process_pool.h"
#include "sandbox/vm/vm.h"

namespace sluice {
namespace {

// The worker stands beside the server in a build tree, at SLUICE_WORKER from there where it is
// installed.
std::string worker_path() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path beside = self.parent_path() / "sluice-sandbox";
  if (std::filesystem::exists(beside, error)) return beside.string();
  return (self.parent_path() / SLUICE_WORKER).lexically_normal().string();
}

uint64_t highest_memory(const Settings& settings) {
  return static_cast<uint64_t>(std::max(settings.api.max_maxmem_kb, settings.api.maxmem_kb)) << 10;
}

sandbox::PoolOptions pool_options(const Settings& settings) {
  sandbox::PoolOptions options;
  options.worker_path = worker_path();
  options.workers = static_cast<size_t>(settings.runner.workers);
  options.max_memory_bytes = highest_memory(settings);
  options.snapshot_bytes = static_cast<uint64_t>(settings.runner.snapshot_cache_bytes);
  return options;
}

runner::RunnerOptions runner_options(const Settings& settings) {
  runner::RunnerOptions options;
  options.name = settings.runner.name;
  options.lua_tag = sandbox::lua_tag();
  return options;
}

api::ApiOptions api_options(const Settings& settings) {
  api::ApiOptions options;
  options.server.limits.body_bytes = static_cast<size_t>(settings.api.body_limit_bytes);
  options.server.max_connections = static_cast<size_t>(settings.api.connections);
  options.default_timeout = settings.api.timeout;
  options.max_timeout = std::max(settings.api.max_timeout, settings.api.timeout);
  options.default_memory_bytes = static_cast<uint64_t>(settings.api.maxmem_kb) << 10;
  options.max_memory_bytes = highest_memory(settings);
  options.resolve_wait = settings.api.resolve_wait;
  options.max_wait = settings.api.max_wait;
  options.block_durable = settings.api.block == Settings::Block::kDurable;
  options.dispatch_before_durable = true;
  return options;
}

// "127.0.0.1:8080" or "[::1]:8080"; the settings have checked it.
std::pair<std::string, int> split_address(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return {host, std::stoi(address.substr(colon + 1))};
}

// What `sluice serve` consists of, in the order of dependence: each part outlives those below it.
class Server {
 public:
  Server(const Settings& settings, std::unique_ptr<Store> store, Loop& loop, const Clock& clock,
         Log& log)
      : settings_(settings),
        loop_(loop),
        log_(log),
        store_(std::move(store)),
        queue_(loop, {.capacity = static_cast<size_t>(settings.runner.queue_capacity)}),
        pool_(loop, clock, log, pool_options(settings)),
        runner_({loop, *store_, queue_, pool_, pool_, clock, log, metrics_},
                runner_options(settings)),
        sweeper_(*store_, queue_, clock, log),
        api_({loop, *store_, queue_, pool_, clock, log, metrics_}, api_options(settings)),
        sweep_(loop),
        renew_(loop) {}

  Status start() {
    if (Status started = pool_.start(); !started.ok()) return started;
    if (settings_.runner.workers > 0) runner_.start();
    sweep_.every(Millis(1'000), [this] {
      sweeper_.tick();
      report_workers();
    });
    renew_.every(StoreOptions{}.lease / 4, [this] { runner_.renew(); });
    sweeper_.tick();
    report_workers();

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
    sweep_.stop();
    renew_.stop();
    sweeper_.stop();
    auto both = std::make_shared<std::pair<int, std::function<void(Status)>>>(2, std::move(done));
    const auto one_ended = [this, both] {
      if (--both->first == 0) store_->flush(std::move(both->second));
    };
    api_.drain(grace, one_ended);
    runner_.drain(grace, [this, one_ended] {
      api_.end_waits();  // what has not run by now runs after the next start
      one_ended();
    });
  }

 private:
  void report_workers() {
    const sandbox::PoolStats stats = pool_.stats();
    idle_workers_.set(static_cast<double>(stats.workers_alive - stats.workers_busy));
    busy_workers_.set(static_cast<double>(stats.workers_busy));
    kills_.add(static_cast<double>(stats.killed - std::exchange(kills_told_, stats.killed)));
  }

  const Settings& settings_;
  Loop& loop_;
  Log& log_;
  Metrics metrics_;
  std::unique_ptr<Store> store_;
  LocalQueue queue_;
  sandbox::ProcessPool pool_;
  runner::Runner runner_;
  runner::Sweeper sweeper_;
  api::Api api_;
  Timer sweep_;
  Timer renew_;

  Gauge& idle_workers_ = metrics_.gauge("sluice_workers", "Worker processes", {{"state", "idle"}});
  Gauge& busy_workers_ = metrics_.gauge("sluice_workers", "Worker processes", {{"state", "busy"}});
  Counter& kills_ = metrics_.counter("sluice_worker_kills_total",
                                     "Workers killed for overstaying or misbehaving");
  size_t kills_told_ = 0;
};

// Calls back when the process is told to end; a second signal ends it at once.
class EndSignals {
 public:
  EndSignals(Loop& loop, std::function<void()> on_end) : on_end_(std::move(on_end)) {
    for (size_t i = 0; i < 2; ++i) {
      handles_[i] = new uv_signal_t;
      uv_signal_init(loop.uv(), handles_[i]);
      handles_[i]->data = this;
      uv_signal_start(
          handles_[i],
          [](uv_signal_t* handle, int number) {
            auto* self = static_cast<EndSignals*>(handle->data);
            if (self->ending_) _exit(128 + number);
            self->ending_ = true;
            self->on_end_();
          },
          i == 0 ? SIGTERM : SIGINT);
    }
  }
  ~EndSignals() {
    for (uv_signal_t* handle : handles_) {
      uv_close(reinterpret_cast<uv_handle_t*>(handle),
               [](uv_handle_t* closed) { delete reinterpret_cast<uv_signal_t*>(closed); });
    }
  }
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

 private:
  std::function<void()> on_end_;
  uv_signal_t* handles_[2];
  bool ending_ = false;
};

}  // namespace

Status serve(const Settings& settings) {
  if (!settings.plugins.empty()) {
    const Settings::Plugin& plugin = settings.plugins.front();
    return Error{Code::kInvalid, "serve",
                 plugin.origin + ": Plugin \"" + plugin.name +
                     "\": this release has no plugins; remove the block"};
  }
  std::signal(SIGPIPE, SIG_IGN);
  Loop loop;
  SystemClock clock;
  Log log(settings.log);

  auto store = open_store(settings, loop, clock, log);
  if (!store.ok()) return store.error();

  Status ended;
  Server server(settings, *std::move(store), loop, clock, log);
  if (Status started = server.start(); !started.ok()) return started;
  EndSignals signals(loop, [&] {
    server.stop([&](Status flushed) {
      ended = std::move(flushed);
      loop.stop();
    });
  });
  loop.run();
  return ended;
}

}  // namespace sluice
