// JobServer: the worker's life after it was confined: reads what it is offered, runs it, sends
// results.
#pragma once

#include "sandbox/layers.h"
#include "sandbox/vm/vm.h"
#include "sandbox/wire/control_page.h"
#include "sandbox/wire/frame.h"
#include "sandbox/worker/in_buffer.h"
#include "sandbox/worker/out_buffer.h"
#include "sandbox/worker/ticker.h"

namespace sluice::sandbox {

class JobServer {
 public:
  JobServer(int channel, wire::ControlPage& page, Vm& vm);

  Status prepare();  // before the process is confined

  // Says hello, and serves until the pool closes the channel. The exit status of the process: 0, or
  // 3 when the pool does not speak the protocol.
  int serve(const Layers& layers);

 private:
  static void tick(void* self);

  bool flush();  // false: nobody reads any more
  wire::Fault handle(const wire::Frame& frame);
  void run(const wire::Frame& frame, const wire::Run& request);

  wire::ControlPage& page_;
  Vm& vm_;
  InBuffer in_;
  OutBuffer out_;
  Ticker ticker_;
  int64_t cpu_mark_ns_ = 0;  // of the thread's processor time, when the last job ended
  size_t unsent_results_ = 0;
  bool memory_was_used_ = false;  // by some job, enough to be worth giving back
};

}  // namespace sluice::sandbox
