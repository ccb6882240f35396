// InBuffer: what the pool sent, read as much at a time as is there and handed out frame by frame.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>

#include "sandbox/wire/frame.h"

namespace sluice::sandbox {

class InBuffer {
 public:
  explicit InBuffer(int channel);

  // Waits for bytes. False at the end of the channel.
  bool fill();
  // Takes what is there, without waiting. False when there was nothing.
  bool fill_if_any();

  // The next complete frame, good until the next fill(). kBad is for good.
  wire::Split next(wire::Frame* frame, wire::Fault* fault);

 private:
  ssize_t receive(int flags);
  void make_room();

  const int channel_;
  std::unique_ptr<char[]> bytes_;
  size_t capacity_;
  size_t begin_ = 0;  // of what was not handed out
  size_t end_ = 0;
};

}  // namespace sluice::sandbox
