#include "api/http/connection.h"

#include <fmt/core.h>

#include <algorithm>

#include "api/http/server.h"

namespace sluice::api {
namespace {

constexpr size_t kMaxRest = 64 << 10;       // bytes of pipelined requests kept; then reading stops
constexpr size_t kMaxUnsent = 256 << 10;    // then no further request is parsed
constexpr size_t kKeptCapacity = 16 << 10;  // buffers of an idle connection
constexpr size_t kMaxDiscarded = 64 << 20;  // while lingering
constexpr int kMaxAtOnce = 16;        // pipelined requests handled before others have their turn
constexpr uint32_t kLingerTicks = 3;  // without a byte
constexpr uint32_t kMaxLingerTicks = 15;

void release_if_large(std::string& buffer) {
  if (buffer.capacity() > kKeptCapacity) buffer = std::string();
}

}  // namespace

Connection::Connection(Server& server)
    : server_(server),
      link_(std::make_shared<ConnectionLink>()),
      parser_(server.options_.limits),
      since_(server.now_) {
  uv_tcp_init(server.loop_.uv(), &handle_);
  handle_.data = write_.data = shutdown_.data = this;
  link_->connection = this;
}

bool Connection::accept(uv_stream_t* listener) {
  if (uv_accept(listener, stream()) != 0) {
    close();
    return false;
  }
  uv_tcp_nodelay(&handle_, 1);
  return true;
}

bool Connection::enter(Peers& peers) {
  sockaddr_storage address{};
  int size = sizeof address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  if (uv_tcp_getpeername(&handle_, name, &size) != 0) return true;  // gone already
  const Peer peer = peer_of(*name);
  if (!peers.enter(peer)) return false;
  peer_ = peer;
  return true;
}

void Connection::leave(Peers& peers) {
  if (peer_) peers.leave(*peer_);
  peer_.reset();
}

void Connection::turn_away(int status, std::string_view code, std::string_view message) {
  keep_alive_ = false;
  queue(error_reply(ErrorShape::kJson, status, code, message));
  uv_buf_t buffer = uv_buf_init(out_.data(), static_cast<unsigned>(out_.size()));
  uv_try_write(stream(), &buffer, 1);
  close();
}

// ── reading ──

void Connection::set_reading(bool reading) {
  if (reading == reading_ || read_ended_ || end_ == End::kClosed) return;
  reading_ = reading;
  if (!reading) {
    uv_read_stop(stream());
  } else if (uv_read_start(stream(), on_alloc, on_read) != 0) {
    close();
  }
}

void Connection::on_alloc(uv_handle_t* handle, size_t, uv_buf_t* buffer) {
  Server& server = static_cast<Connection*>(handle->data)->server_;
  *buffer = uv_buf_init(server.read_buffer_.get(), 64 << 10);
}

void Connection::on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
  auto* self = static_cast<Connection*>(stream->data);
  if (size == 0) return;
  Loop& loop = self->server_.loop_;
  if (size == UV_EOF) {
    self->received_end();
  } else if (size < 0) {
    self->close();
  } else {
    self->received({buffer->base, static_cast<size_t>(size)});
  }
  loop.event_handled();  // may destroy the connection
}

void Connection::received(std::string_view bytes) {
  since_ = server_.now_;
  if (end_ == End::kLingering) {
    discarded_ += bytes.size();
    if (discarded_ > kMaxDiscarded) close();
    return;
  }
  if (end_ != End::kOpen) return;
  if (!rest_.empty() || !may_parse()) {
    rest_ += bytes;
    if (rest_.size() > kMaxRest) set_reading(false);
    return;
  }
  consume(bytes);
  rest_.assign(bytes);
  write_queued();
}

// The client sends no more, but may well read what it asked for.
void Connection::received_end() {
  reading_ = false;
  read_ended_ = true;
  uv_read_stop(stream());
  if (end_ == End::kLingering) return close();
  if (busy_ || !rest_.empty()) return;
  if (unsent() == 0) return close();
  end_ = End::kAfterWrite;
}

bool Connection::may_parse() const {
  return !busy_ && end_ == End::kOpen && unsent() < kMaxUnsent;
}

// Parses and hands over requests for as long as they are answered at once.
void Connection::consume(std::string_view& bytes) {
  consuming_ = true;
  for (int left = kMaxAtOnce; left > 0 && may_parse() && !bytes.empty();) {
    if (!parser_.started()) began_ = server_.now_;
    const bool was_in_body = parser_.in_body();
    switch (parser_.feed(bytes)) {
      case RequestParser::Step::kMore:
        if (!was_in_body && parser_.in_body()) head_is_there();
        if (end_ == End::kOpen) count_upload(parser_.request().body.size());
        break;
      case RequestParser::Step::kRequest:
        count_upload(0);
        dispatch();
        --left;
        break;
      case RequestParser::Step::kFault:
        refuse(parser_.fault());
        bytes = {};
        break;
    }
  }
  consuming_ = false;
}

void Connection::head_is_there() {
  body_began_ = server_.now_;
  if (const auto refusal = server_.handler_.refuse_head(parser_.request()))
    return end_with(*refusal);
  if (parser_.take_continue()) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

// Bodies are kept until they are whole. Many slow ones together must not fill the memory, though
// each is within its limit.
void Connection::count_upload(size_t bytes) {
  server_.upload_bytes_ += bytes - uploaded_;
  uploaded_ = bytes;
  if (bytes == 0 || server_.upload_bytes_ <= server_.options_.upload_bytes) return;
  end_with(error_reply(ErrorShape::kJson, 503, "too_many_uploads",
                       "too much is being sent to this server at once; try again")
               .with("Retry-After", "1"));
}

void Connection::dispatch() {
  busy_ = true;
  ++serial_;
  keep_alive_ = parser_.keep_alive();
  classes_ = nullptr;
  guest_origin_.clear();
  server_.handler_.handle(parser_.request(), Responder(link_, serial_));
  if (!busy_) parser_.next();  // not earlier: the handler may still look at its request
}

void Connection::refuse(const HttpFault& fault) {
  end_with(server_.handler_.refuse(parser_.request(), fault));
}

// Nothing that follows is looked at.
void Connection::end_with(const Reply& reply) {
  count_upload(0);
  keep_alive_ = false;
  classes_ = nullptr;
  guest_origin_.clear();
  queue(reply);
}

// ── answering ──

void Connection::answer(uint64_t request, const Reply& reply) {
  if (!busy_ || request != serial_ || end_ == End::kClosed) return;
  queue(reply);
  busy_ = false;
  since_ = server_.now_;
  if (consuming_) return;
  parser_.next();
  server_.flush_later(*this);
}

void Connection::count_in(uint64_t request, uint64_t* classes) {
  if (busy_ && request == serial_) classes_ = classes;
}

void Connection::share_with(uint64_t request, std::string_view origin) {
  if (busy_ && request == serial_) guest_origin_ = origin;
}

void Connection::queue(const Reply& reply) {
  if (server_.draining_) keep_alive_ = false;
  std::string_view connection;
  if (!keep_alive_)
    connection = "Connection: close\r\n";
  else if (parser_.http_1_0())
    connection = "Connection: keep-alive\r\n";
  std::string with_guest;
  if (!guest_origin_.empty()) {
    with_guest.append(connection)
        .append("Access-Control-Allow-Origin: ")
        .append(guest_origin_)
        .append(
            "\r\nAccess-Control-Expose-Headers: Location, Retry-After, X-Invocation-Id\r\n"
            "Vary: Origin\r\n");
    connection = with_guest;
  }
  write_head(out_, reply, connection, server_.date_);
  if (parser_.request().method != Method::kHead) out_ += reply.body;
  if (classes_) ++classes_[std::clamp(reply.status / 100, 0, 5)];
  if (!keep_alive_) end_ = End::kAfterWrite;
}

void Connection::flush() {
  dirty_ = false;
  if (end_ == End::kClosed) return;
  consume_rest();
  write_queued();
}

void Connection::consume_rest() {
  if (rest_.empty() || !may_parse()) return;
  const std::string taken = std::exchange(rest_, {});
  std::string_view bytes = taken;
  consume(bytes);
  rest_.assign(bytes);
}

// ── writing ──

void Connection::write_queued() {
  while (end_ != End::kClosed && writing_.empty() && !out_.empty()) {
    uv_buf_t buffer = uv_buf_init(out_.data(), static_cast<unsigned>(out_.size()));
    const int sent = uv_try_write(stream(), &buffer, 1);
    if (sent < 0 && sent != UV_EAGAIN) return close();
    const size_t taken = sent > 0 ? static_cast<size_t>(sent) : 0;
    if (taken == out_.size()) {
      out_.clear();
      release_if_large(out_);
      return written_all();
    }
    writing_.swap(out_);
    took_ = waits_ = server_.now_;
    kernel_left_ = writing_.size() - taken;
    buffer = uv_buf_init(writing_.data() + taken, static_cast<unsigned>(writing_.size() - taken));
    if (uv_write(&write_, stream(), &buffer, 1, on_written) != 0) return close();
  }
  if (end_ != End::kClosed && unsent() == 0) written_all();
}

void Connection::on_written(uv_write_t* request, int status) {
  auto* self = static_cast<Connection*>(request->data);
  if (self->end_ == End::kClosed) return;
  if (status != 0) return self->close();
  self->since_ = self->server_.now_;
  self->writing_.clear();
  release_if_large(self->writing_);
  self->consume_rest();
  self->write_queued();
}

void Connection::written_all() {
  if (end_ == End::kAfterWrite) return linger();
  if (read_ended_ && !busy_ && rest_.empty()) return close();
  if (!rest_.empty() && may_parse()) return server_.flush_next_turn(*this);
  if (rest_.size() <= kMaxRest) set_reading(true);
}

// Closing with bytes unread would reset the connection, and the client might lose the answer it has
// not read yet: says that no more will come, and waits for the client to close.
void Connection::linger() {
  if (read_ended_) return close();
  end_ = End::kLingering;
  since_ = lingers_ = server_.now_;
  rest_ = std::string();
  if (uv_shutdown(&shutdown_, stream(), [](uv_shutdown_t*, int) {}) != 0) return close();
  set_reading(true);
}

// ── the end ──

void Connection::drain() {
  keep_alive_ = false;
  if (!busy_ && rest_.empty() && unsent() == 0 && !parser_.started()) close();
}

void Connection::check_time() {
  const ServerOptions& options = server_.options_;
  const uint32_t still = server_.now_ - since_;
  if (end_ == End::kLingering) {
    if (still >= kLingerTicks || server_.now_ - lingers_ >= kMaxLingerTicks) close();
  } else if (unsent() > 0) {
    if (stalled()) close();
  } else if (busy_) {
    return;  // the handler has its own limits
  } else if (!parser_.started()) {
    if (still >= options.idle_seconds) close();
  } else if (late()) {
    refuse({408,
            "request_timeout",
            fmt::format("the request's {} did not come to an end within {} seconds",
                        parser_.in_body() ? "body" : "headers",
                        parser_.in_body() ? options.body_seconds : options.head_seconds),
            {}});
    write_queued();
  }
}

// Whether the request takes too long, however steadily it drips in.
bool Connection::late() const {
  const ServerOptions& options = server_.options_;
  return parser_.in_body() ? server_.now_ - body_began_ >= options.body_seconds
                           : server_.now_ - began_ >= options.head_seconds;
}

// Whether the client takes its answers too slowly, whatever it sends meanwhile.
bool Connection::stalled() {
  const size_t left = uv_stream_get_write_queue_size(stream());
  if (left != kernel_left_) took_ = server_.now_;
  kernel_left_ = left;
  return server_.now_ - took_ >= server_.options_.stall_seconds ||
         server_.now_ - waits_ >= server_.options_.answer_seconds;
}

void Connection::close() {
  if (end_ == End::kClosed) return;
  count_upload(0);
  end_ = End::kClosed;
  link_->connection = nullptr;
  server_.remove(*this);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_),
           [](uv_handle_t* handle) { delete static_cast<Connection*>(handle->data); });
}

// ── Responder ──

void Responder::answer(const Reply& reply) {
  const std::shared_ptr<ConnectionLink> link = std::move(link_);
  if (link && link->connection) link->connection->answer(request_, reply);
}

void Responder::count_in(uint64_t* classes) {
  if (link_ && link_->connection) link_->connection->count_in(request_, classes);
}

void Responder::share_with(std::string_view origin) {
  if (link_ && link_->connection) link_->connection->share_with(request_, origin);
}

void Responder::abandon() {
  if (link_) fail(500, "internal", "the request was dropped unanswered");
}

}  // namespace sluice::api
