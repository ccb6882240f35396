#include "sandbox/worker/in_buffer.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace sluice::sandbox {
namespace {

constexpr size_t kUsualBytes = 64 << 10;

}  // namespace

InBuffer::InBuffer(int channel)
    : channel_(channel), bytes_(new char[kUsualBytes]), capacity_(kUsualBytes) {}

bool InBuffer::fill() {
  make_room();
  for (;;) {
    const ssize_t n = receive(0);
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

// The end of the channel, too, is left to fill().
bool InBuffer::fill_if_any() {
  make_room();
  return receive(MSG_DONTWAIT) > 0;
}

ssize_t InBuffer::receive(int flags) {
  const ssize_t n = recv(channel_, bytes_.get() + end_, capacity_ - end_, flags);
  if (n > 0) end_ += static_cast<size_t>(n);
  return n;
}

wire::Split InBuffer::next(wire::Frame* frame, wire::Fault* fault) {
  const auto split = wire::split({bytes_.get() + begin_, end_ - begin_}, frame, fault);
  if (split == wire::Split::kFrame) begin_ += frame->total_bytes;
  return split;
}

// Moves a frame that has only begun to the front; doubles for one that does not fit, which the
// bounds of the frame types end; and goes back to the usual size after a large one.
void InBuffer::make_room() {
  const size_t rest = end_ - begin_;
  size_t capacity = capacity_;
  if (rest == capacity_) {
    capacity *= 2;
  } else if (rest < kUsualBytes / 2 && capacity_ > kUsualBytes) {
    capacity = kUsualBytes;
  }
  if (capacity != capacity_) {
    std::unique_ptr<char[]> bytes(new char[capacity]);
    std::memcpy(bytes.get(), bytes_.get() + begin_, rest);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  } else if (begin_ > 0) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, rest);
  }
  begin_ = 0;
  end_ = rest;
}

}  // namespace sluice::sandbox
