// What the settings mean for each part of a server.
#pragma once

#include <string>
#include <utility>

#include "api/options.h"
#include "base/config/settings.h"
#include "runner/runner.h"
#include "sandbox/pool/process_pool.h"

namespace sluice {

sandbox::PoolOptions pool_options(const Settings& settings);

// Whether this process alone answers requests and runs jobs, or is one of a fleet.
enum class Place { kAlone, kFleet };

// `name`: see RunnerInfo.
runner::RunnerOptions runner_options(const Settings& settings, Place place, std::string name);
api::ApiOptions api_options(const Settings& settings, Place place, api::AccessOptions access);

// "127.0.0.1:8080" or "[::1]:8080"; the settings have checked it.
std::pair<std::string, int> split_address(const std::string& address);

// The name of this machine; that of a container is its id.
std::string host_name();

}  // namespace sluice
