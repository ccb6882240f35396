// What a plugin can call: the functions of sluice_host.
#pragma once

#include "sluice/plugin.h"

namespace sluice::plugins {

// Without what differs from plugin to plugin. `context` is to be its Instance.
sluice_host host_functions();

}  // namespace sluice::plugins
