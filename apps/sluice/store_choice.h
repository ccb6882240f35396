// The store that the settings name.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/config/settings.h"
#include "base/executor.h"
#include "base/log.h"
#include "store/store.h"

namespace sluice {

// Opens it; blocks meanwhile. kInvalid: this program cannot use that store.
Result<std::unique_ptr<Store>> open_store(const Settings& settings, Executor& executor,
                                          const Clock& clock, Log& log);

}  // namespace sluice
