#include "sandbox/worker/out_buffer.h"

#include <sys/socket.h>

#include <cerrno>

namespace sluice::sandbox {
namespace {

constexpr size_t kKeepBytes = 256 << 10;  // one large result need not stay in memory for ever

}  // namespace

bool OutBuffer::flush() {
  while (waiting() > 0) {
    const ssize_t n = send(channel_, bytes_.data() + sent_, waiting(), MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) sent_ += static_cast<size_t>(n);
  }
  bytes_.clear();
  if (bytes_.capacity() > kKeepBytes) bytes_.shrink_to_fit();
  sent_ = 0;
  return true;
}

void OutBuffer::flush_from_handler() {
  if (!open_.load(std::memory_order_acquire)) return;
  while (waiting() > 0) {
    const ssize_t n = send(channel_, bytes_.data() + sent_, waiting(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0) return;  // the next tick tries again
    sent_ += static_cast<size_t>(n);
  }
}

}  // namespace sluice::sandbox
