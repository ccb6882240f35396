// OutBuffer: frames on their way to the pool, gathered so that many leave in one system call.
//
// The main code appends and flushes; the timer's handler may flush too, but only while the main
// code has declared that it does not touch the buffer (it is inside a job).
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

namespace sluice::sandbox {

class OutBuffer {
 public:
  explicit OutBuffer(int channel) : channel_(channel) {}

  std::string& bytes() { return bytes_; }  // frames are appended here
  size_t waiting() const { return bytes_.size() - sent_; }

  // Sends everything, waiting for the pool where it must. False: the channel is broken.
  bool flush();

  // While open, the handler may send what waits.
  void open_to_handler() { open_.store(true, std::memory_order_release); }
  void close_to_handler() { open_.store(false, std::memory_order_release); }

  // Async-signal-safe; never waits.
  void flush_from_handler();

 private:
  const int channel_;
  std::string bytes_;
  size_t sent_ = 0;  // of bytes_
  std::atomic<bool> open_{false};
};

}  // namespace sluice::sandbox
