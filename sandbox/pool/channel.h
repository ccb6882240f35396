// Channel: the pool's end of the socket to one child. Frames to send are gathered and leave in one
// system call; what arrives is handed over as much at a time as is there.
#pragma once

#include <uv.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "sandbox/pool/child_process.h"

namespace sluice::sandbox {

// Where a channel's bytes land before they are looked at: one for all channels of a loop, since
// they are read one at a time.
class ReadSpace {
 public:
  static constexpr size_t kBytes = 256 << 10;
  char* get() { return bytes_.get(); }

 private:
  std::unique_ptr<char[]> bytes_{new char[kBytes]};  // not touched, so not in memory, until used
};

class Channel {
 public:
  class Reader {
   public:
    virtual ~Reader() = default;
    // Returns how many bytes it is done with; it sees the rest again, with more behind it. May
    // close the channel.
    virtual size_t on_bytes(std::string_view bytes) = 0;
    virtual void on_end() = 0;  // the other side is gone; nothing follows. Not after close()
  };

  Channel(Loop& loop, Fd fd, ReadSpace& space, Reader& reader);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  std::string& out() { return out_; }  // frames are appended here, then flush()ed
  void flush();
  void close();
  bool closed() const { return handle_ == nullptr; }

 private:
  void on_events(int events);
  void read();
  void watch(bool writable);

  ReadSpace& space_;
  Reader& reader_;
  Fd fd_;
  uv_poll_t* handle_;  // freed by libuv's close callback; null: closed
  std::string out_;
  size_t sent_ = 0;  // of out_
  bool watching_writable_ = false;
  std::string partial_;  // a frame that has only begun
};

}  // namespace sluice::sandbox
