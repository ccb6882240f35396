// How the threads of this folder begin.
#pragma once

#include <pthread.h>
#include <signal.h>

#include "base/thread_name.h"

namespace sluice::redis {

// hiredis writes with write(): to a connection that the other end has closed, that is a signal
// which ends the program. Here it is an error like any other, whatever the program does about it.
inline void begin_thread(const char* name) {
  name_this_thread(name);
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

}  // namespace sluice::redis
