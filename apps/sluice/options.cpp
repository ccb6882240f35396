#include "apps/sluice/options.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "sandbox/vm/vm.h"

namespace sluice {
namespace {

// Other servers may have replaced an action. Within one process nobody else can have.
constexpr Millis kActionMaxAge{1'000};
// News of ends travel through Redis, which may lose them.
constexpr Millis kAskAfter{1'000};

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

}  // namespace

sandbox::PoolOptions pool_options(const Settings& settings) {
  sandbox::PoolOptions options;
  options.worker_path = worker_path();
  options.workers = static_cast<size_t>(settings.runner.workers);
  options.max_memory_bytes = highest_memory(settings);
  options.snapshot_bytes = static_cast<uint64_t>(settings.runner.snapshot_cache_bytes);
  return options;
}

runner::RunnerOptions runner_options(const Settings& settings, Place place, std::string name) {
  runner::RunnerOptions options;
  options.name = std::move(name);
  options.lua_tag = sandbox::lua_tag();
  if (place == Place::kAlone) return options;

  const auto workers = static_cast<size_t>(settings.runner.workers);
  options.announce_results = false;
  options.batch = 1'000;
  options.appetite.emplace();
  options.appetite->least = 2 * workers;  // one that runs, one that is next
  options.appetite->most = 2 * workers + static_cast<size_t>(settings.runner.prefetch);
  return options;
}

// Of a limit that is watched by the second: rounded up.
static uint32_t seconds(Millis limit) {
  return static_cast<uint32_t>(std::chrono::ceil<std::chrono::seconds>(limit).count());
}

api::ApiOptions api_options(const Settings& settings, Place place, api::AccessOptions access) {
  api::ApiOptions options;
  options.access = std::move(access);
  options.server.limits.body_bytes = static_cast<size_t>(settings.api.body_limit_bytes);
  options.server.max_connections = static_cast<size_t>(settings.api.connections);
  options.server.max_connections_per_ip = static_cast<size_t>(settings.api.connections_per_ip);
  options.server.head_seconds = seconds(settings.api.header_timeout);
  options.server.body_seconds = seconds(settings.api.body_timeout);
  options.server.idle_seconds = seconds(settings.api.idle_timeout);
  options.default_timeout = settings.api.timeout;
  options.max_timeout = std::max(settings.api.max_timeout, settings.api.timeout);
  options.default_memory_bytes = static_cast<uint64_t>(settings.api.maxmem_kb) << 10;
  options.max_memory_bytes = highest_memory(settings);
  options.resolve_wait = settings.api.resolve_wait;
  options.max_wait = settings.api.max_wait;
  options.block_durable = settings.api.block == Settings::Block::kDurable;
  options.dispatch_before_durable = place == Place::kAlone;
  if (place == Place::kFleet) {
    options.action_max_age = kActionMaxAge;
    options.ask_after = kAskAfter;
  }
  return options;
}

std::pair<std::string, int> split_address(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return {host, std::stoi(address.substr(colon + 1))};
}

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "unknown";
  return name;
}

}  // namespace sluice
