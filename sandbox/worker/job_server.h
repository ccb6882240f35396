// JobServer: the worker's life after it was confined: reads what it is offered, runs it, sends
// results, and lets others run while one waits for a plugin.
//
// What has begun goes first, in turns: a new offer begins when nothing that has begun can go on. So
// offers begin in the order of arrival, and a job's time is not spent on those that came later.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>

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
  // The Vm's slots are at most wire::kSlots.
  JobServer(int channel, wire::ControlPage& page, Vm& vm);

  Status prepare();  // before the process is confined

  // Says hello, and serves until the pool closes the channel. The exit status of the process: 0, or
  // 3 when the pool does not speak the protocol.
  int serve(const Layers& layers);

 private:
  // An offer that has begun, and not ended.
  struct Begun {
    enum class State : uint8_t { kFree, kRunning, kWaiting, kReady };
    State state = State::kFree;
    uint16_t slot = 0;  // of the wire
    uint64_t sequence = 0;
    int64_t began_ns = 0;
    int64_t cpu_ns = 0;
    bool answered =
        false;  // ready, with the answer that it waited for; else to go on after a slice
    bool ok = false;
    std::string answer;  // where others had to run first
  };

  // A frame that others have overtaken.
  struct Kept {
    wire::Type type;
    uint16_t slot;
    uint64_t sequence;
    std::string body;
  };

  static void tick(void* self);

  // One turn or frame. While anything that has begun can go on no Load and no Unload is handled: an
  // invocation whose top level lost its turn comes back to the code it found.
  bool work();   // false: there is nothing to do but to wait
  bool flush();  // false: nobody reads any more

  bool next_frame();
  bool look_for_news();  // whether it helps
  void read_ahead();
  void keep(const wire::Frame& frame);
  wire::Fault handle(const wire::Frame& frame);
  wire::Fault handle_answer(const wire::Frame& frame, bool go_on_at_once);
  wire::Fault handle_end(const wire::Frame& frame);

  void begin(const wire::Frame& frame, const wire::Run& request);
  void go_on(SlotNumber number);
  void end(SlotNumber number, Outcome outcome);
  template <class Take>
  void take_turn(SlotNumber number, Take&& take);
  void tell(SlotNumber number, Turn turn);
  Begun* begun(const wire::Frame& frame, SlotNumber* number);

  wire::ControlPage& page_;
  Vm& vm_;
  InBuffer in_;
  OutBuffer out_;
  Ticker ticker_;

  std::array<Begun, wire::kSlots> begun_;  // by the Vm's slot
  size_t begun_count_ = 0;
  std::deque<SlotNumber> ready_;  // whose turn it is, the next first
  std::deque<Kept> kept_;         // frames before those in the buffer
  std::string kept_body_;         // of the one being handled

  wire::Fault fault_ = nullptr;   // of what the pool sent
  int64_t cpu_mark_ns_ = 0;       // of the thread's processor time, when the last turn ended
  size_t unsent_ = 0;             // results and calls
  bool memory_was_used_ = false;  // by some job, enough to be worth giving back
};

}  // namespace sluice::sandbox
