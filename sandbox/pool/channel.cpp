#include "sandbox/pool/channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace sluice::sandbox {
namespace {

constexpr size_t kReadsPerTurn = 4;         // then the loop's other business has its turn
constexpr size_t kKeepOutBytes = 64 << 10;  // the rest of a large batch's memory goes back
constexpr size_t kKeepPartialBytes = 16 << 10;

}  // namespace

Channel::Channel(Loop& loop, Fd fd, ReadSpace& space, Reader& reader)
    : space_(space), reader_(reader), fd_(std::move(fd)), handle_(new uv_poll_t) {
  if (uv_poll_init(loop.uv(), handle_, fd_.get()) != 0) std::abort();  // a socket always fits
  handle_->data = this;
  watch(false);
}

Channel::~Channel() {
  close();
}

void Channel::close() {
  if (handle_ == nullptr) return;
  uv_close(reinterpret_cast<uv_handle_t*>(handle_),
           [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
  handle_ = nullptr;
  fd_.reset();
}

void Channel::watch(bool writable) {
  watching_writable_ = writable;
  uv_poll_start(
      handle_, writable ? UV_READABLE | UV_WRITABLE : UV_READABLE,
      [](uv_poll_t* handle, int status, int events) {
        static_cast<Channel*>(handle->data)->on_events(status == 0 ? events : int{UV_READABLE});
      });
}

void Channel::on_events(int events) {
  if (events & UV_WRITABLE) flush();
  if (!closed() && (events & UV_READABLE)) read();
}

void Channel::flush() {
  if (closed()) return;
  while (sent_ < out_.size()) {
    const ssize_t n =
        send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      sent_ += static_cast<size_t>(n);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      if (!watching_writable_) watch(true);
      return;
    }
    break;  // the other side is gone: reading finds that out, and what it said before
  }
  out_.clear();
  if (out_.capacity() > kKeepOutBytes) out_.shrink_to_fit();
  sent_ = 0;
  if (watching_writable_) watch(false);
}

void Channel::read() {
  for (size_t i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t n = recv(fd_.get(), space_.get(), ReadSpace::kBytes, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      reader_.on_end();
      return;
    }
    const std::string_view arrived(space_.get(), static_cast<size_t>(n));
    if (partial_.empty()) {
      const size_t used = reader_.on_bytes(arrived);
      if (closed()) return;
      partial_.assign(arrived.substr(used));
    } else {
      partial_.append(arrived);
      const size_t used = reader_.on_bytes(partial_);
      if (closed()) return;
      partial_.erase(0, used);
    }
    if (partial_.empty() && partial_.capacity() > kKeepPartialBytes) partial_.shrink_to_fit();
    if (arrived.size() < ReadSpace::kBytes) return;
  }
}

}  // namespace sluice::sandbox
