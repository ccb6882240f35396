// The name that tools show for a thread: `top -H`, perf, a debugger.
#pragma once

#include <pthread.h>

namespace sluice {

// At most 15 characters.
inline void name_this_thread(const char* name) {
  pthread_setname_np(pthread_self(), name);
}

}  // namespace sluice
